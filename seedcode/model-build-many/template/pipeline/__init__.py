"""The SageMaker pipeline: what it runs with, what it consists of, and putting it into SageMaker."""
