# One stage of a promoted SageMaker pipeline: the package as it was compiled, created or updated, started and followed to its end.
# Environment: PACKAGE (a file), STAGE_NAME, PIPELINE_NAME and the project's own. Where the stage is in other accounts: STACK_SET, by
# which the project is there, and STAGE_ROLE_NAME, the role to act as.
set -euo pipefail

# What the project has in another account is called as it is at home, but for the account.
in_account() {
  local home
  home=$(cut -d: -f5 <<<"$PIPELINE_ROLE_ARN")
  export ARTIFACT_BUCKET="${ARTIFACT_BUCKET/-$home-/-$1-}"
  export PIPELINE_ROLE_ARN="${PIPELINE_ROLE_ARN/:$home:/:$1:}"
  export STAGE_ROLE_ARN="${PIPELINE_ROLE_ARN%/*}/$STAGE_ROLE_NAME"
  if [[ -n "${KMS_KEY_ID:-}" ]]; then
    export KMS_KEY_ID="alias/sagemaker-$SAGEMAKER_PROJECT_NAME-$SAGEMAKER_PROJECT_ID"
  fi
  make promote PACKAGE="$PACKAGE" FLAGS=--wait
}

echo "$STAGE_NAME gets $(sha256sum "$PACKAGE" | cut -c1-12)"
if [[ -z "${STACK_SET:-}" ]]; then
  make promote PACKAGE="$PACKAGE" FLAGS=--wait
else
  accounts=$(aws cloudformation list-stack-instances --stack-set-name "$STACK_SET" --query "Summaries[].Account" --output text)
  if [[ -z "$accounts" || "$accounts" == None ]]; then
    echo "$STACK_SET has no account yet" >&2
    exit 1
  fi
  for account in $(tr '\t' '\n' <<<"$accounts" | sort -u); do
    echo "account $account"
    (in_account "$account")
  done
fi
