"""Puts templates/, migrations/ and docs/lots/ into the wheel; the rest is setup.cfg."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["review", "review.*", "workflows", "workflows.*"]),
        "review.templates",
        "review.migrations",
        "review.lots",
    ],
    package_dir={
        "review.templates": "templates",
        "review.migrations": "migrations",
        "review.lots": "docs/lots",
    },
)
