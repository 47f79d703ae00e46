"""The Lambda functions of the SageMaker project products; each module with a `handler` is one."""
