"""The IAM policies of people: end users and personas, who launch what their portfolio offers, and the publisher, no administrator.

Launch roles are not made here. Which resources and condition keys an action takes is read from IAM's action table, a
copy of the service authorization reference (list_awsservicecatalog): `ProvisionProduct` and its like take a product
with `aws:ResourceTag`, but no `aws:RequestTag`; actions on provisioned products take no resource, only
`servicecatalog:userLevel`; associations of products take neither. Pure.
"""

from generator.policies.governance import personas
from generator.policies.policy import Policy, as_files, as_template
from generator.policies.publisher import kinds, of_plan, publisher
from generator.policies.users import end_users

__all__ = ["Policy", "as_files", "as_template", "end_users", "kinds", "of_plan", "personas", "publisher"]
