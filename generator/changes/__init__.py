"""The kinds of change, as values: what each is about, the API operations it takes and the IAM actions it needs.

A change refers to things by their ids in YAML. It performs nothing: a gateway does.
"""

from generator.changes.account import CreateBucket, SetBucketPolicy
from generator.changes.change import OBSERVE, OBSERVE_DOMAINS, OBSERVE_PROJECTS, RECORD, Change, Field
from generator.changes.personas import DeployPersonas
from generator.changes.portfolio import (
    AssociatePrincipal,
    CreatePortfolio,
    DisassociatePrincipal,
    SharePortfolio,
    UnsharePortfolio,
    UpdatePortfolio,
    UpdateShare,
)
from generator.changes.product import (
    AssociateProduct,
    CreateConstraint,
    CreateProduct,
    DeleteConstraint,
    DeprecateArtifact,
    DisassociateProduct,
    PublishArtifact,
    UpdateArtifact,
    UpdateConstraint,
    UpdateProduct,
)
from generator.changes.project import (
    AllowStudio,
    PublishProjectTemplate,
    SetTemplatesLocation,
    ShowProjectTemplate,
)
from generator.changes.roles import DeployLaunchRoles, DeploySpokeRoles, PruneLaunchRoles
from generator.changes.tag_option import AssociateTagOption, CreateTagOption, DisassociateTagOption

__all__ = [
    "OBSERVE",
    "OBSERVE_DOMAINS",
    "OBSERVE_PROJECTS",
    "RECORD",
    "AllowStudio",
    "AssociatePrincipal",
    "AssociateProduct",
    "AssociateTagOption",
    "Change",
    "CreateBucket",
    "CreateConstraint",
    "CreatePortfolio",
    "CreateProduct",
    "CreateTagOption",
    "DeleteConstraint",
    "DeployLaunchRoles",
    "DeployPersonas",
    "DeploySpokeRoles",
    "DeprecateArtifact",
    "DisassociatePrincipal",
    "DisassociateProduct",
    "DisassociateTagOption",
    "Field",
    "PruneLaunchRoles",
    "PublishArtifact",
    "PublishProjectTemplate",
    "SetBucketPolicy",
    "SetTemplatesLocation",
    "SharePortfolio",
    "ShowProjectTemplate",
    "UnsharePortfolio",
    "UpdateArtifact",
    "UpdateConstraint",
    "UpdatePortfolio",
    "UpdateProduct",
    "UpdateShare",
]
