"""The house rules: one file each, found by looking into this folder. Ids E9xxx and W9xxx are free in cfn-lint."""
