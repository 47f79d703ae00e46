"""Which options of a SageMaker project go together; each combination that does not has its reason here.

Owns the reasons. What an option is, and its own limits, `project_options` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .instance_types import LOCAL_DISKS, SEEDS_OWN, begun_with, taken

if TYPE_CHECKING:  # the options ask these rules
    from .project_options import ProjectOptions

SEVERAL = ("multi-model", "serial", "multi-container")  # hostings of more than one model

# Options that say something about one half alone.
OF_BUILD = ("instance_types", "data_buckets", "branches", "pipelines")
OF_DEPLOY = ("hosting", "hosting_instance_types", "thing_groups")


def problem(options: ProjectOptions) -> str:
    """Why these options do not go together; "" where they do."""
    rules = (_of_halves, _of_models, _of_stages, _of_instances, _of_jenkins, _of_code)
    return next((reason for reason in (rule(options) for rule in rules) if reason), "")


def _of_halves(options: ProjectOptions) -> str:
    """An option whose half is missing; "" where there is none."""
    for half, present, names in (
        ("build", options.builds, OF_BUILD),
        ("deploy", options.deploys, OF_DEPLOY),
    ):
        for name in names:
            if not present and getattr(options, name) != type(options).model_fields[name].default:
                return f"{name} has no meaning where repositories has no {half}"
    if options.stages and not options.staged:
        return "stages have no meaning where repositories has no deploy and pipelines is not promoted"
    return ""


def _of_models(options: ProjectOptions) -> str:
    """How many models are trained, and how many hosted."""
    if options.models and not options.several:
        return f"models have no meaning with pipelines: {options.pipelines} and hosting: {options.hosting}"
    if not (options.builds and options.deploys):
        return ""
    if options.pipelines == "many" and options.hosting not in SEVERAL:
        return f"hosting: {options.hosting} hosts one model, pipelines: many trains several; choose {', '.join(SEVERAL)}"
    if options.hosting == "serial":
        return (
            "hosting: serial needs models of different kinds, the build half trains one kind; leave build out"
        )
    if options.hosting in SEVERAL and options.pipelines != "many":
        return f"hosting: {options.hosting} hosts several models, pipelines: {options.pipelines} trains one; choose many"
    return ""


def _of_stages(options: ProjectOptions) -> str:
    """What stages cannot be by where they are, and by what is hosted in them."""
    if options.elsewhere and options.deploys and options.encryption == "service-managed":
        return (
            f"stage '{options.elsewhere[0].name}' is in other accounts, which cannot use the keys that services hold; "
            "it needs encryption: customer-key"
        )
    if options.elsewhere and options.network == "vpc-only":
        return (
            f"stage '{options.elsewhere[0].name}' is in other accounts, which have none of the subnets that "
            "network: vpc-only names at launch"
        )
    if options.elsewhere and options.hosting == "edge":
        return (
            f"stage '{options.elsewhere[0].name}' is in other accounts, whose devices cannot read the project's bucket; "
            "edge stages are here"
        )
    for stage in options.elsewhere:
        if options.deploys and stage.where == "organizational-units" and stage.tested:
            return (
                f"which accounts the units of stage '{stage.name}' have is not known beforehand, and so none to test in; "
                "leave tests out of its approval"
            )
    if options.thing_groups and options.hosting != "edge":
        return f"thing_groups has no meaning with hosting: {options.hosting}"
    if options.hosting == "serverless":
        if options.network == "vpc-only":
            return "a serverless endpoint cannot be in a VPC; choose another hosting, or network: internet"
        for stage in options.staged:
            if stage.settings:
                return f"a serverless endpoint has no instances; stage '{stage.name}' cannot choose any"
        if options.hosting_instance_types:
            return "hosting_instance_types has no meaning with hosting: serverless"
    if options.hosting == "edge":
        for stage in options.staged:
            if stage.settings:
                return f"a model at the edge runs on devices; stage '{stage.name}' cannot choose instances"
        if options.hosting_instance_types:
            return "hosting_instance_types has no meaning with hosting: edge"
    if options.pipelines == "promoted" and not options.deploys:
        for stage in options.staged:
            if stage.settings:
                return f"a promoted definition brings its instances along; stage '{stage.name}' cannot choose any"
    if options.pipelines == "promoted" and options.deploys:
        return (
            "pipelines: promoted makes models in each stage, where they are registered; "
            "deploy them with a project of each stage's own, and leave deploy out of repositories"
        )
    return ""


def _of_instances(options: ProjectOptions) -> str:
    """Which instances stages and seeds may not have, by the lists of types and by the key."""
    lists = {
        "instance_types": options.instance_types,
        "hosting_instance_types": options.hosting_instance_types,
    }
    named = [(f"stage '{each.name}'", each.instance_type) for each in options.staged if each.instance_type]
    for whose, instance_type in named:
        if not taken(instance_type, options.hosting_instance_types):
            return f"{whose} runs on {instance_type}, which is not among hosting_instance_types"
    for name, listed in lists.items():
        if not begun_with(listed):
            return f"{name} takes neither {SEEDS_OWN}, which seeds begin with, nor names another in full; add one without *"
    if options.encryption == "customer-key":
        named += [(name, each) for name, listed in lists.items() for each in listed]
        for whose, instance_type in named:
            if LOCAL_DISKS.match(instance_type):
                return (
                    f"{whose} names {instance_type}, whose own disks the hardware encrypts: SageMaker takes no key for it; "
                    "choose another type, or encryption: service-managed"
                )
    return ""


def _of_jenkins(options: ProjectOptions) -> str:
    """What Jenkins' jobs have to be, and what they decide themselves."""
    if options.ci != "jenkins":
        for name in ("jenkins_access", "jenkins_issuer"):
            if getattr(options, name) != type(options).model_fields[name].default:
                return f"{name} has no meaning with ci: {options.ci}"
        return ""
    if (options.jenkins_access == "oidc") != bool(options.jenkins_issuer):
        return "jenkins_issuer says whose tokens jenkins_access: oidc trusts; give both or neither"
    if options.branch != "main":
        return f"the seeds' jobs build what is pushed to main; with ci: jenkins the branch cannot be {options.branch}"
    if options.pipelines == "promoted":
        return "pipelines: promoted is what CodePipeline does; it needs ci: codepipeline"
    if options.elsewhere:
        return (
            f"stage '{options.elsewhere[0].name}' is in other accounts, which CodePipeline rolls out; "
            "ci: jenkins deploys in the project's own"
        )
    for stage in options.stages:
        if stage.people:
            return (
                f"the Jenkinsfile asks before every stage but the first; stage '{stage.name}' cannot name who approves "
                "with ci: jenkins"
            )
    return ""


def _of_code(options: ProjectOptions) -> str:
    """Where the code is, what it begins with, and its branches."""
    if options.git != "external" and options.git_server != "generic":
        return f"git_server has no meaning with git: {options.git}"
    places = {"seed_buckets": options.seed_buckets, "seed_repositories": options.seed_repositories}
    if options.seed == "shipped":
        for name, given in places.items():
            if given:
                return f"{name} has no meaning with seed: shipped"
    elif not any(places.values()):
        return (
            "seed: launch needs seed_buckets or seed_repositories, the places from which a seed may be chosen"
        )
    elif options.git == "external":
        return "a seed chosen at launch is checked in by a build, which has no access to git: external"
    if options.branches == "per-branch" and options.ci == "jenkins":
        return "branches: per-branch is what CodeBuild does; with ci: jenkins a multibranch job of Jenkins does it"
    if options.branches == "per-branch" and options.git == "codeconnections":
        return "branches: per-branch needs git: codecommit; a connection does not tell of branches that are deleted"
    if options.branches == "per-branch" and options.git == "external":
        return "branches: per-branch needs git: codecommit; from an external server one branch is brought"
    if options.branches == "per-branch" and options.pipelines != "one":
        return (
            f"branches: per-branch has one pipeline for each branch; pipelines cannot be {options.pipelines}"
        )
    return ""
