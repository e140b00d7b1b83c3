"""Reports as self-contained HTML pages: of a run, a data set, a benchmark, and of where a run lost its points."""
