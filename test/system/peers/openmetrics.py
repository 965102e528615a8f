"""Reads an OpenMetrics page from standard input and prints what it says as JSON. Fails where the page is not valid."""
import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = []
for family in text_string_to_metric_families(sys.stdin.buffer.read().decode("utf-8")):
    samples = []
    for sample in family.samples:
        exemplar = sample.exemplar and [sample.exemplar.labels, sample.exemplar.value]
        samples.append([sample.name, sample.labels, repr(sample.value), exemplar])
    families.append({"name": family.name, "type": family.type, "unit": family.unit, "samples": samples})
json.dump(families, sys.stdout)
