"""Every shipped language says every sentence, whole, with its placeholders."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from scripts import catalogue as collecting
from tests.languages.shipped import (
    CATALOGUES,
    TRANSLATED,
    catalogue,
    forms,
    sentences,
    template,
)
from vestibule.catalogues import Catalogues

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%s|%%|\{\w+\}")
TAG = re.compile(r"</?\w+[^>]*>")
each_language = pytest.mark.parametrize("language", TRANSLATED)


def test_the_languages_of_the_product() -> None:
    """Six languages are shipped: English and five catalogues."""
    assert CATALOGUES.tags == ("en", "de", "es", "fr", "ja", "pt-BR")


@each_language
def test_every_sentence_is_translated(language: str) -> None:
    """No sentence is missing or fuzzy, none is left over, and each plural has all its forms."""
    found = catalogue(language)
    empty = [m.id for m in sentences(found) if not all(forms(m.string)) or m.fuzzy]
    wanted = {(m.context, m.id) for m in sentences(template())}

    assert empty == []
    assert {(m.context, m.id) for m in sentences(found)} == wanted
    assert not found.obsolete
    assert all(
        len(forms(m.string)) == (found.num_plurals if m.pluralizable else 1)
        for m in sentences(found)
    )


@each_language
def test_babel_finds_no_fault(language: str) -> None:
    """Babel's own checks of plurals and formats pass."""
    found = [(m.id, [str(e) for e in faults]) for m, faults in catalogue(language).check()]

    assert found == []


@each_language
def test_placeholders_and_tags_are_the_same(language: str) -> None:
    """A translation names the values and tags of its sentence, each as often."""
    faults = [m.id for m in sentences(catalogue(language)) if not _has_the_same(m)]

    assert faults == []


def _has_the_same(message: Message) -> bool:
    # A plural's last form has every value; the form of one may leave the number out.
    wanted = _marks(forms(message.id)[-1])
    return all(_marks(text) == wanted for text in forms(message.string)[-1:]) and all(
        _marks(text) <= wanted for text in forms(message.string)
    )


def _marks(text: str) -> Counter[str]:
    return Counter(found[0] for found in (*PLACEHOLDER.finditer(text), *TAG.finditer(text)))


@each_language
def test_sentences_begin_and_end_alike(language: str) -> None:
    """No translation begins or ends with white space that its sentence lacks, or lacks its own."""
    faults = []
    for message in sentences(catalogue(language)):
        for text in forms(message.string):
            wanted = forms(message.id)[0]
            if (text[0].isspace(), text[-1].isspace(), text.count("\n")) != (
                wanted[0].isspace(),
                wanted[-1].isspace(),
                wanted.count("\n"),
            ):
                faults.append(text)

    assert faults == []


@each_language
def test_a_name_of_a_button_is_the_same_everywhere(language: str) -> None:
    """Where a sentence tells which button to choose, it says what stands on that button."""
    words = CATALOGUES.words(language).gettext
    lost = words(
        "When your phone is gone: sign in with e-mail and password, choose Try another way, then"
        " Enter recovery code."
    )

    assert words("Try another way") in lost
    assert words("Enter recovery code") in lost


@each_language
def test_a_language_is_read(language: str) -> None:
    """Each catalogue compiles, and its sentences come out of it."""
    words = CATALOGUES.words(language)

    assert words.gettext("Forgot password?") != "Forgot password?"
    assert words.gettext("No sentence of ours.") == "No sentence of ours."


def test_a_broken_catalogue_fails_loudly(tmp_path: Path) -> None:
    """A catalogue that cannot be read is an error, not English."""
    broken = Catalogues(tmp_path)
    path = broken.path("fr")
    path.parent.mkdir(parents=True)
    path.write_text('msgid "Sign in"\nmsgid "again"\nmsgstr no\n')

    with pytest.raises(Exception, match=r".+"):
        broken.words("fr")
    with pytest.raises(FileNotFoundError):
        broken.words("it")


def test_an_update_keeps_what_is_translated(tmp_path: Path) -> None:
    """`make fix` keeps translations, adds new sentences empty, and drops what is gone."""
    path = tmp_path / "fr" / "LC_MESSAGES" / "vestibule.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr "Language: fr\\n"\n\n'
        'msgid "Sign in"\nmsgstr "Connexion"\n\n'
        'msgid "Gone for good."\nmsgstr "Parti."\n'
    )
    text = collecting.brought_up(path, collecting.collect(collecting.PACKAGE, collecting.MAPPING))

    assert 'msgid "Sign in"\nmsgstr "Connexion"' in text
    assert 'msgid "Sign up"\nmsgstr ""' in text
    assert "Parti." not in text
    assert "fuzzy" not in text
    path.write_text(text)
    assert text == collecting.brought_up(
        path, collecting.collect(collecting.PACKAGE, collecting.MAPPING)
    )
