"""Checks of CloudFormation templates that cfn-lint does not make."""
