# The first commit of a project's repository: the seed, if the branch does not exist yet.
# Environment: REPOSITORY_URL, BRANCH, SEED (s3://bucket/key.zip, or the address of a git repository, #ref at its end), AUTHOR.
set -euo pipefail

# A branch that exists is people's work. 2 is git's answer when there is none; all else means the repository is out of reach.
answer=0
git ls-remote --exit-code "$REPOSITORY_URL" "refs/heads/$BRANCH" >/dev/null || answer=$?
case "$answer" in
  0) echo "branch $BRANCH exists, it stays as it is"; exit 0 ;;
  2) ;;
  *) echo "cannot read $REPOSITORY_URL: see git's message above" >&2; exit 1 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case "$SEED" in
  s3://*)
    aws s3 cp --only-show-errors "$SEED" "$work/seed.zip"
    unzip -q "$work/seed.zip" -d "$work/seed" ;;
  *)
    # Its files, not its history: the project's begins here.
    git clone --quiet --depth 1 $([[ "$SEED" == *#* ]] && echo "--branch=${SEED##*#}") "${SEED%%#*}" "$work/seed"
    rm -rf "$work/seed/.git" ;;
esac
git init --quiet --initial-branch="$BRANCH" "$work/seed"
cd "$work/seed"
git add --all
git -c "user.name=$AUTHOR" -c "user.email=$AUTHOR@sagemaker.invalid" commit --quiet --message "Seed code of the project"
git push --quiet "$REPOSITORY_URL" "HEAD:refs/heads/$BRANCH"
echo "branch $BRANCH holds the seed"
