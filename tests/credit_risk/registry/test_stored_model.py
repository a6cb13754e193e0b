"""A stored model whose files are not those of its card is refused, before its pickle is read."""

import json
import pickle
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bentoml
import numpy as np
import pytest
import yaml
from course import ENCODER, FORM, sample_applications
from running import latest_model
from toys import AMOUNT, toy

from credit_risk.decision import STANDARD_POLICY, two_lines
from credit_risk.errors import ModelRefusedError
from credit_risk.registry import hash_files, load_checked
from credit_risk.registry.settings import PolicyFile


class Trap:
    """A pickle that leaves a file behind when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.mark,)


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    """A copy of a trained model's folder."""
    return Path(shutil.copytree(latest_model(home), tmp_path / "model"))


def read(folder: Path) -> bentoml.Model:
    return bentoml.Model.from_path(folder)


def test_the_card_names_every_file_with_its_hash(folder: Path) -> None:
    card = load_checked(read(folder)).card

    assert card.files == {
        name: sha256((folder / name).read_bytes()).hexdigest()
        for name in (
            *("custom_objects.pkl", "golden.json"),
            *("reference.json", "report.html", "saved_model.ubj"),
        )
    }


def test_the_digest_is_the_hash_of_what_sha256sum_prints(folder: Path) -> None:
    files = ("custom_objects.pkl", "saved_model.ubj")  # the others tell of them
    lines = [f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files]

    assert load_checked(read(folder)).digest == sha256("".join(lines).encode()).hexdigest()


def test_what_is_served_is_said_in_a_line(folder: Path) -> None:
    stored = load_checked(read(folder))

    assert stored.summary == (
        f"{stored.card.model}: recipe standard, form credit_scoring, learned from sample.csv "
        f"(synthetic), {len(FORM.directions)} guarantees, "
        f"policy {stored.card.policy.sha256[:12]} of the model: "
        "APPROVED up to 0.3, MAYBE up to 0.5, DECLINED above, 0 rules"
    )


def test_a_report_says_on_top_that_another_policy_is_in_force(folder: Path) -> None:
    own, other = STANDARD_POLICY, two_lines(0.25, 0.6)
    written = (folder / "report.html").read_text()

    same = load_checked(read(folder), policy=PolicyFile(own, Path("same.toml"))).report
    page = load_checked(read(folder), policy=PolicyFile(other, Path("<odd>.toml"))).report

    assert load_checked(read(folder)).report == same == written
    note, _, rest = str(page).partition("</p>\n")
    assert note.endswith(
        "Another policy is in force.</strong> Decisions follow the policy "
        f"{other.sha256[:12]} of &lt;odd&gt;.toml: APPROVED up to 0.25, MAYBE up to 0.6, DECLINED "
        "above, 0 rules. What this report says of decisions, approvals and rules is of the policy "
        f"{own.sha256[:12]} of the training."
    )
    assert rest.startswith("<h1>")


@pytest.mark.parametrize(
    ("lacks", "synthetic", "cautions"),
    [
        (None, False, []),
        (None, True, ["synthetic loans"]),
        ("it may decide by x", False, ["for comparison only: it may decide by x"]),
        ("it may decide by x", True, ["for comparison only: it may", "synthetic loans"]),
    ],
)
def test_a_model_that_should_not_decide_on_people_says_why(
    folder: Path, lacks: str | None, cautions: list[str], *, synthetic: bool
) -> None:
    stored = load_checked(read(folder))
    data = stored.card.data.model_copy(update={"synthetic": synthetic})
    card = stored.card.model_copy(update={"data": data, "lacks": lacks})

    found = replace(stored, card=card).cautions

    assert len(found) == len(cautions)
    assert all(words in caution for words, caution in zip(cautions, found, strict=True))


def test_a_form_whose_sentences_are_a_draft_s_is_a_caution(folder: Path) -> None:
    stored = load_checked(read(folder))
    drafted = toy(fields=(AMOUNT,), derived=(), sentences={"en": {"AMOUNT": "TODO: amount."}})

    assert replace(stored, form=drafted).cautions[-1].startswith("1 sentence for applicants still")


def promise(folder: Path, **metadata: object) -> None:
    """Have the card of a model promise something else, or nothing: None."""
    card = yaml.safe_load((folder / "model.yaml").read_text())
    promised = card["metadata"] | metadata
    card["metadata"] = {name: value for name, value in promised.items() if value is not None}
    (folder / "model.yaml").write_text(yaml.safe_dump(card))


@pytest.mark.parametrize(
    ("promised", "lacks"),
    [
        ({"excluded_fields": []}, "it may decide by marital"),
        ({"guarantees": {}}, "it guarantees no direction of seniority, age, "),
    ],
)
def test_a_model_that_does_not_promise_what_its_form_demands_is_for_comparison(
    folder: Path, monkeypatch: pytest.MonkeyPatch, promised: dict[str, object], lacks: str
) -> None:
    promise(folder, **promised)

    with pytest.raises(ModelRefusedError, match=f"for comparison: {lacks}") as refused:
        load_checked(read(folder))
    assert "allow a comparison with CREDIT_RISK_ALLOW_COMPARISON=1" in str(refused.value)
    monkeypatch.setenv("CREDIT_RISK_ALLOW_COMPARISON", "1")
    allowed = load_checked(read(folder))
    assert str(allowed.card.lacks).startswith(lacks)
    assert allowed.name.endswith(" (for comparison only)")


def test_a_promise_that_the_trees_do_not_keep_is_refused(folder: Path) -> None:
    promise(folder, guarantees=FORM.directions | {"price": -1, "time": -1})

    with pytest.raises(ModelRefusedError, match="trees that do not keep what is guaranteed for"):
        _ = load_checked(read(folder)).risk_model


def rewrite(folder: Path, name: str, text: str) -> None:
    """Change a file of a model, and its hash in the card as well."""
    (folder / name).write_text(text)
    promise(folder, files=hash_files(read(folder)))


def golden_of(folder: Path) -> Any:
    return json.loads((folder / "golden.json").read_text())


def refusal(folder: Path) -> str:
    with pytest.raises(ModelRefusedError) as refused:
        _ = load_checked(read(folder)).risk_model
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_model_of_another_xgboost_is_served_if_it_gives_its_golden_answers(folder: Path) -> None:
    promise(folder, versions={"xgboost": "2.1.0", "numpy": "1.26.4"})

    stored = load_checked(read(folder))

    assert len(stored.risk_model.predict(ENCODER.encode(sample_applications(1)))) == 1
    assert stored.summary.endswith(
        "DECLINED above, 0 rules, trained with xgboost 2.1.0 and numpy 1.26.4, gives the same with "
        f"xgboost {version('xgboost')} and numpy {version('numpy')}"
    )


def test_a_model_of_another_xgboost_is_refused_with_the_first_answer_that_differs(
    folder: Path,
) -> None:
    promise(folder, versions={"xgboost": "2.1.0", "numpy": version("numpy")})
    golden = golden_of(folder)
    was = golden["answers"][6]["default_probability"]
    other = float(np.nextafter(np.float32(was), np.float32(1)))  # by the last bit
    golden["answers"][6]["default_probability"] = other
    golden["answers"][7]["default_probability"] = 0.5
    rewrite(folder, "golden.json", json.dumps(golden))

    assert refusal(folder).endswith(
        f": found {was!r} as the probability of application 7 in golden.json with xgboost "
        f"{version('xgboost')}, expected {other!r}, as when it was trained with xgboost 2.1.0; "
        "run: python train.py, or install xgboost 2.1.0"
    )


def test_golden_answers_that_differ_with_the_same_versions_were_altered(folder: Path) -> None:
    golden = golden_of(folder)
    golden["answers"][0]["application"]["income"] += 100
    rewrite(folder, "golden.json", json.dumps(golden))

    said = refusal(folder)

    assert "as the probability of application 1 in golden.json" in said
    assert said.endswith("; run: python train.py, or import the model again")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "golden.json: Invalid JSON: EOF"),
        ('{"answers": []}', "golden.json: answers: List should have at least 1 item"),
        (
            '{"answers": [{"application": {"age": 17}, "default_probability": 0.5}]}',
            "golden.json: application 1: seniority: Field required",
        ),
    ],
)
def test_golden_answers_that_make_no_sense_are_refused(folder: Path, text: str, found: str) -> None:
    rewrite(folder, "golden.json", text)

    said = refusal(folder)

    assert f"found no golden answers ({found}" in said
    assert said.endswith("expected those of train.py; run: python train.py")


def test_a_model_without_golden_answers_is_refused(folder: Path) -> None:
    (folder / "golden.json").unlink()
    promise(folder, files=hash_files(read(folder)))

    assert "found no golden answers (golden.json: " in refusal(folder)


def test_a_model_of_another_form_is_refused(folder: Path) -> None:
    with pytest.raises(ModelRefusedError, match="found a model of the form credit_scoring"):
        load_checked(read(folder), replace(FORM, name="another"))


def test_a_model_of_before_forms_is_refused_in_a_sentence(folder: Path) -> None:
    promise(folder, form="credit scoring")

    with pytest.raises(ModelRefusedError, match="found metadata without a valid form"):
        load_checked(read(folder))


@pytest.mark.parametrize(
    ("number", "found"),
    [(None, "an earlier format"), (99, "format 99")],
)
def test_a_model_of_another_format_is_refused(folder: Path, number: int | None, found: str) -> None:
    promise(folder, format=number)

    with pytest.raises(ModelRefusedError) as refused:
        load_checked(read(folder))
    expected = f"found a model of {found}, expected format 1; run: python train.py"
    assert str(refused.value).endswith(expected)


def test_a_file_in_a_folder_of_its_own_is_found(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "trees").touch()

    with pytest.raises(ModelRefusedError, match="below/trees"):
        load_checked(read(folder))


def test_a_swapped_pickle_is_refused_and_never_read(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "it was read"
    (folder / "custom_objects.pkl").write_bytes(pickle.dumps(Trap(mark)))

    with pytest.raises(ModelRefusedError, match=r"found custom_objects\.pkl: SHA-256 \w{12}, "):
        load_checked(read(folder))
    assert not mark.exists()
    with pytest.raises(ValueError, match="Invalid custom objects"):
        _ = read(folder).custom_objects
    assert mark.exists()  # so it is a trap


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("saved_model.ubj", damage, r"found saved_model\.ubj: SHA-256 \w{12}, expected SHA-256 "),
        ("report.html", damage, r"found report\.html: SHA-256 \w{12}, expected SHA-256 "),
        ("saved_model.ubj", Path.unlink, r"saved_model\.ubj: no such file, expected SHA-256 "),
        ("more.pkl", Path.touch, r"found more\.pkl: SHA-256 \w{12}, expected no such file, as in"),
    ],
)
def test_a_file_that_is_not_the_card_s_is_refused(
    folder: Path, name: str, change: Callable[[Path], None], said: str
) -> None:
    change(folder / name)

    with pytest.raises(ModelRefusedError, match=said) as refused:
        load_checked(read(folder))
    assert str(refused.value).endswith("run: python train.py, or import the model again")


def test_a_card_without_hashes_is_refused(folder: Path) -> None:
    card = yaml.safe_load((folder / "model.yaml").read_text())
    del card["metadata"]["files"]
    (folder / "model.yaml").write_text(yaml.safe_dump(card))

    with pytest.raises(ModelRefusedError, match="metadata without a valid files, expected that"):
        load_checked(read(folder))


def test_the_digest_tells_models_apart_and_not_their_reports(folder: Path) -> None:
    stored = load_checked(read(folder))
    card = (folder / "model.yaml").read_text()
    hashes = re.compile(r"(report\.html: )\w+")
    (folder / "report.html").write_text("another")
    another = sha256(b"another").hexdigest()
    (folder / "model.yaml").write_text(hashes.sub(rf"\g<1>{another}", card))

    assert re.fullmatch(r"[0-9a-f]{64}", stored.digest)
    assert load_checked(read(folder)).digest == stored.digest
    assert stored.card.files["report.html"] != another
