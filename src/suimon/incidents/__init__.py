"""Problems, from opening to recovery, and what people are told."""
