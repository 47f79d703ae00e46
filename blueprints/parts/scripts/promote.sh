# One stage of a promoted SageMaker pipeline: the definition as it was built, created or updated, started and followed to its end.
# Environment: PIPELINE_NAME, PIPELINE_ROLE_ARN, STAGE_NAME, DEFINITION (a file), SAGEMAKER_PROJECT_NAME, SAGEMAKER_PROJECT_ID.
set -euo pipefail

pipeline=(--pipeline-name "$PIPELINE_NAME" --pipeline-definition "file://$DEFINITION" --role-arn "$PIPELINE_ROLE_ARN")
if answer=$(aws sagemaker describe-pipeline --pipeline-name "$PIPELINE_NAME" 2>&1); then
  aws sagemaker update-pipeline "${pipeline[@]}" >/dev/null
elif [[ "$answer" == *ResourceNotFound* ]]; then
  aws sagemaker create-pipeline "${pipeline[@]}" --tags \
    "Key=sagemaker:project-name,Value=$SAGEMAKER_PROJECT_NAME" "Key=sagemaker:project-id,Value=$SAGEMAKER_PROJECT_ID" >/dev/null
else
  echo "$answer" >&2
  exit 1
fi
echo "$PIPELINE_NAME has definition $(sha256sum "$DEFINITION" | cut -c1-12)"

# What differs between stages are parameters, in the repository: a list of {"Name": …, "Value": …}.
parameters=()
if [[ -f "stages/$STAGE_NAME.json" ]]; then
  parameters=(--pipeline-parameters "file://stages/$STAGE_NAME.json")
fi
execution=$(aws sagemaker start-pipeline-execution --pipeline-name "$PIPELINE_NAME" "${parameters[@]}" \
  --client-request-token "$(sha256sum <<<"${CODEBUILD_BUILD_ID:-$RANDOM}" | cut -c1-40)" --query PipelineExecutionArn --output text)
echo "started $execution"
while true; do
  status=$(aws sagemaker describe-pipeline-execution --pipeline-execution-arn "$execution" --query PipelineExecutionStatus --output text)
  case "$status" in
    Executing | Stopping) sleep "${PAUSE_SECONDS:-30}" ;;
    Succeeded) break ;;
    *) echo "$execution ended as $status" >&2; exit 1 ;;
  esac
done
echo "$execution succeeded"
