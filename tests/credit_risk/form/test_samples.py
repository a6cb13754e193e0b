from course import CATEGORIES, OPTIONAL_FIELDS, Application, sample_applications

"""Samples are valid and varied."""


def test_samples_are_valid_varied_and_the_same_for_the_same_seed() -> None:
    samples = sample_applications(500, seed=1)

    assert samples == sample_applications(500, seed=1)
    assert samples != sample_applications(500, seed=2)
    for sample in samples:
        assert Application.model_validate_json(sample.model_dump_json()) == sample
    for field, words in CATEGORIES.items():
        assert {getattr(sample, field) for sample in samples} == set(words)
    for field in OPTIONAL_FIELDS:
        assert any(getattr(sample, field) is None for sample in samples)
