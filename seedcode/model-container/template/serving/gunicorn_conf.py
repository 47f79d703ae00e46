"""How gunicorn runs the application; every value can be set from the endpoint's environment."""

import os

# SageMaker sends to 8080, or to the port it names when several containers share an instance.
bind = f"{os.environ.get('BIND_ADDRESS', '0.0.0.0')}:{os.environ.get('SAGEMAKER_BIND_TO_PORT', '8080')}"
workers = int(os.environ.get("WORKERS", os.cpu_count() or 1))
# Load the model once, before forking: workers share its memory, and a model that cannot be loaded stops
# the container at once with the reason in its log, instead of failing health checks for minutes.
preload_app = True
# SageMaker gives up after 60 seconds; answer before that.
timeout = int(os.environ.get("TIMEOUT", "55"))
# The heartbeat file must not lie on a disk that can block.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
loglevel = os.environ.get("LOG_LEVEL", "info")
