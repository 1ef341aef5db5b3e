"""Tests of providers: their steps, their results, and whom a result speaks of."""
