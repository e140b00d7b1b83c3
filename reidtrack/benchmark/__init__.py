"""Measures: image ranking, tracking, identity over cameras."""
