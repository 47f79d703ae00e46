"""What each verb of `catalog` does. Like `generator.cli`, and nothing else, these modules print."""
