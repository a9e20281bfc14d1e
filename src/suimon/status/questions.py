"""What persons ask the freshness function: questions change nothing, and viewers may ask them, by an alias of it."""

QUESTIONS = frozenset({"check_up", "datasets", "forecast", "incident", "incidents", "page", "status"})
COMMANDS = frozenset({"act", "close", "expect", "hold", "release", "retract"})  # these change something
QUESTIONS_ALIAS = "questions"  # in template.yaml
