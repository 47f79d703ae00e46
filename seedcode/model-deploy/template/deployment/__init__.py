"""From the model registry to a release: what is deployed, with which settings, and what a stage's stack is given."""
