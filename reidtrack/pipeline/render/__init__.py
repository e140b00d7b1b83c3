"""`reidtrack render`: annotated videos of a stretch of time, made when somebody asks for them."""
