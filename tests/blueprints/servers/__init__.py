"""Git, GitLab and Jenkins as small real https servers on loopback, which check what they receive."""
