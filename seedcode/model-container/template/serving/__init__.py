"""A model behind the two routes that SageMaker calls: GET /ping and POST /invocations."""
