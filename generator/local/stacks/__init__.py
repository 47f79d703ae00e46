"""The local AWS's CloudFormation: templates evaluated, resources made through the local services, stacks kept."""
