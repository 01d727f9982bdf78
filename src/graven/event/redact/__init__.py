"""Redaction before the entry is built: rules, the byte scan in front of them, markers (DESIGN.md §3)."""

from graven.event.redact.glance import Glance
from graven.event.redact.redactor import IDENTITY_FIELDS, Finding, Redactor
from graven.event.redact.rules import FORGED, Rule, check_rule, default_rules

__all__ = ["FORGED", "IDENTITY_FIELDS", "Finding", "Glance", "Redactor", "Rule", "check_rule", "default_rules"]
