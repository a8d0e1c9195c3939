"""Puts templates/ and migrations/ into the wheel, inside the package; the rest is setup.cfg."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["review", "review.*", "workflows", "workflows.*"]),
        "review.templates",
        "review.migrations",
    ],
    package_dir={"review.templates": "templates", "review.migrations": "migrations"},
)
