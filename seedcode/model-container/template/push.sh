#!/bin/sh
# Build the image, push it to ECR and write its URI by digest, which is what an endpoint should name.
# Needs AWS_REGION, IMAGE_REPOSITORY_URI and credentials that may push there. IMAGE_TAG defaults to the commit.
set -eu

: "${AWS_REGION:?set AWS_REGION to the region of the repository}"
: "${IMAGE_REPOSITORY_URI:?set IMAGE_REPOSITORY_URI, e.g. 111122223333.dkr.ecr.eu-west-1.amazonaws.com/my-model}"
tag="${IMAGE_TAG:-$(git rev-parse --short=12 HEAD)}"
registry="${IMAGE_REPOSITORY_URI%%/*}"

aws ecr get-login-password --region "$AWS_REGION" | docker login --username AWS --password-stdin "$registry"
# SageMaker takes plain image manifests only: no attestations beside the image.
docker build --platform linux/amd64 --provenance=false --tag "$IMAGE_REPOSITORY_URI:$tag" .
docker push "$IMAGE_REPOSITORY_URI:$tag"
docker inspect --format '{{index .RepoDigests 0}}' "$IMAGE_REPOSITORY_URI:$tag" > image-uri.txt
echo "pushed $(cat image-uri.txt)"
