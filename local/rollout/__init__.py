"""`make deploy ENV=dev`: build, both stacks, DAGs, tables and grants, then a probe through the gate and out again."""
