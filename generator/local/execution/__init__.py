"""Code that really runs, where the local AWS was opened for that (`--run-code`): functions, builds, and what calls them.

What runs here gets what AWS gives it and nothing of the user's: an environment of its own, the credentials of its role
in the local AWS, and the local AWS's address. It is no sandbox: it is the user's own code under the user's own account.
"""
