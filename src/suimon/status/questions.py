"""Which of the answers are to questions, that change nothing: viewers may ask them, by an alias of the function."""

QUESTIONS = frozenset({"check_up", "datasets", "forecast", "incident", "incidents", "page", "status"})
QUESTIONS_ALIAS = "questions"  # in template.yaml
