"""What is refused in messages, components, modals, choices and commands: one line each."""

from typing import Any

import pytest

from bot.demo.guild import commands, components
from bot.demo.guild.errors import Fault, Json, invalid_form
from bot.demo.guild.validation import V2, check_choices, check_message


def button(**more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go"} | more


def row(*inside: Json) -> Json:
    return {"type": 1, "components": list(inside)}


def select(options: int = 1, **more: Any) -> Json:
    return {
        "type": 3,
        "custom_id": "pick",
        "options": [{"label": str(n), "value": str(n)} for n in range(options)],
    } | more


def display(content: str = "x", **more: Any) -> Json:
    return {"type": 10, "content": content} | more


def container(*inside: Json, **more: Any) -> Json:
    return {"type": 17, "components": list(inside)} | more


def label(component: Json, text: str = "Name") -> Json:
    return {"type": 18, "label": text, "component": component}


def field(**more: Any) -> Json:
    return {"type": 4, "custom_id": "name", "style": 1} | more


def paths(faults: Any) -> list[str]:
    return [".".join(map(str, fault.path)) for fault in faults]


MESSAGES: list[tuple[Json, str | None]] = [
    ({"content": "x" * 2000}, None),
    ({"content": "x" * 2001}, "content"),
    ({"nonce": "n" * 26}, "nonce"),
    ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title"),
    ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description"),
    ({"embeds": [{"fields": [{"name": "", "value": "v"}]}]}, "embeds.0.fields.0.name"),
    ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds.0.fields"),
    ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, "embeds"),
    ({"embeds": [{}] * 11}, "embeds"),
    ({"components": [row(button())]}, None),
    ({"components": [row(button(label="x" * 81))]}, "components.0.components.0.label"),
    ({"components": [row(button(label=None))]}, "components.0.components.0.label"),
    ({"components": [row(button(custom_id="x" * 101))]}, "components.0.components.0.custom_id"),
    ({"components": [row(button(custom_id=None))]}, "components.0.components.0.custom_id"),
    ({"components": [row(button(style=5, custom_id=None))]}, "components.0.components.0.url"),
    ({"components": [row(button(style=5, custom_id=None, url="https://a.example"))]}, None),
    ({"components": [row(button(), button())]}, "components.0.components.1.custom_id"),
    ({"components": [row(*(button(custom_id=str(n)) for n in range(6)))]}, "components.0.components"),
    ({"components": [row(select(), button())]}, "components.0.components"),
    ({"components": [row(select(26))]}, "components.0.components.0.options"),
    ({"components": [row(select(0))]}, "components.0.components.0.options"),
    ({"components": [row(select(2, min_values=2, max_values=1))]}, "components.0.components.0.min_values"),
    ({"components": [row(button(custom_id=str(n))) for n in range(6)]}, "components"),
    ({"components": [display()]}, "components.0.type"),
    ({"components": [row()]}, "components.0.components"),
    ({"flags": V2, "components": [container(display())]}, None),
    ({"flags": V2, "content": "x", "components": [display()]}, "content"),
    ({"flags": V2, "embeds": [{"title": "x"}], "components": [display()]}, "embeds"),
    ({"flags": V2, "components": [display() for _ in range(41)]}, "components"),
    ({"flags": V2, "components": [container(*(display() for _ in range(40)))]}, "components"),
    ({"flags": V2, "components": [display("x" * 2001), display("x" * 2000)]}, "components"),
    ({"flags": V2, "components": [display("")]}, "components.0.content"),
    ({"flags": V2, "components": [display(id=1), display(id=1)]}, "components.1.id"),
    ({"flags": V2, "components": [display(id=2**31)]}, "components.0.id"),
    ({"flags": V2, "components": [container(container(display()))]}, "components.0.components.0.type"),
    ({"flags": V2, "components": [container(display(), accent_color=2**24)]}, "components.0.accent_color"),
    ({"flags": V2, "components": [{"type": 9, "components": [display()]}]}, "components.0.accessory"),
    ({"flags": V2, "components": [{"type": 12, "items": []}]}, "components.0.items"),
    ({"flags": V2, "components": [{"type": 14, "spacing": 3}]}, "components.0.spacing"),
]


@pytest.mark.parametrize(("body", "fault"), MESSAGES)
def test_messages(body: Json, fault: str | None) -> None:
    assert paths(check_message(body)) == ([fault] if fault else [])


def test_an_edit_of_components_v2_takes_no_content() -> None:
    assert paths(check_message({"content": "x"}, old={"flags": V2})) == ["content"]


def test_an_edit_to_components_v2_must_clear_the_content() -> None:
    old = {"flags": 0, "content": "x", "embeds": []}
    edit = {"flags": V2, "components": [display()]}
    assert paths(check_message(edit, old=old)) == ["content"]
    assert paths(check_message(edit | {"content": None}, old=old)) == []


MODALS: list[tuple[Json, str | None]] = [
    ({"components": [label(field())]}, None),
    ({"components": [row(field(label="Name"))]}, None),
    ({"components": [row(field())]}, "components.0.components.0.label"),
    ({"title": "x" * 46, "components": [label(field())]}, "title"),
    ({"components": []}, "components"),
    ({"components": [label(field(custom_id=str(n))) for n in range(6)]}, "components"),
    ({"components": [label(field(), "x" * 46)]}, "components.0.label"),
    ({"components": [label(field(max_length=4001))]}, "components.0.component.max_length"),
    ({"components": [label(field(min_length=5, max_length=4))]}, "components.0.component.min_length"),
    ({"components": [label(field()), label(field())]}, "components.1.component.custom_id"),
    ({"components": [label(select(3))]}, None),
    ({"components": [label(button())]}, "components.0.component.type"),
    ({"components": [label({"type": 19, "custom_id": "file", "max_values": 11})]}, "components.0.component.max_values"),
    ({"components": [label({"type": 21, "custom_id": "one", "options": []})]}, "components.0.component.options"),
]


@pytest.mark.parametrize(("modal", "fault"), MODALS)
def test_modals(modal: Json, fault: str | None) -> None:
    body = {"custom_id": "form", "title": "Form"} | modal
    assert paths(components.check_modal(body)) == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("choices", "option_type", "fault"),
    [
        ([{"name": "A", "value": "a"}] * 25, 3, None),
        ([{"name": "A", "value": "a"}] * 26, 3, "choices"),
        ([{"name": "x" * 101, "value": "a"}], 3, "choices.0.name"),
        ([{"name": "A", "value": "x" * 101}], 3, "choices.0.value"),
        ([{"name": "A", "value": 1}], 3, "choices.0.value"),
        ([{"name": "A", "value": 1}], 4, None),
    ],
)
def test_choices(choices: list[Json], option_type: int, fault: str | None) -> None:
    assert paths(check_choices({"choices": choices}, option_type)) == ([fault] if fault else [])


def option(**more: Any) -> Json:
    return {"type": 3, "name": "game", "description": "Which"} | more


COMMANDS: list[tuple[Json, str | None]] = [
    ({}, None),
    ({"name": "größe"}, None),
    ({"name": "Server"}, "name"),
    ({"name": "two words"}, "name"),
    ({"name": "x" * 33}, "name"),
    ({"description": ""}, "description"),
    ({"description": "x" * 101}, "description"),
    ({"name_localizations": {"de": "Groß"}}, "name_localizations.de"),
    ({"options": [option(name=f"o{n}") for n in range(26)]}, "options"),
    ({"options": [option(), option()]}, "options.1.name"),
    ({"options": [option(), option(name="b", required=True)]}, "options.1"),
    ({"options": [option(choices=[{"name": "A", "value": "a"}] * 26)]}, "options.0.choices"),
    ({"options": [option(choices=[{"name": "A", "value": "a"}], autocomplete=True)]}, "options.0"),
    ({"options": [option(type=6, autocomplete=True)]}, "options.0"),
    ({"options": [option(type=1), option(name="b")]}, "options"),
    ({"options": [option(type=1, options=[option(type=1)])]}, "options.0.options.0.type"),
    ({"options": [option(type=2, options=[option(type=1, options=[option()])])]}, None),
]


@pytest.mark.parametrize(("command", "fault"), COMMANDS)
def test_commands(command: Json, fault: str | None) -> None:
    body = {"name": "server", "description": "Servers"} | command
    assert paths(commands.check_one(body)) == ([fault] if fault else [])


def test_a_hundred_commands_and_no_more() -> None:
    def many(count: int) -> list[Json]:
        return [{"name": f"c{n}", "description": "d"} for n in range(count)]

    assert list(commands.check_all(many(100))) == []
    assert len(list(commands.check_all(many(101)))) == 1


def test_ids_are_given_in_reading_order_past_those_taken() -> None:
    tree = [container(display(id=2), row(button(), button(custom_id="b")))]
    components.give_ids(tree)
    assert [each["id"] for each, _ in components.walk(tree)] == [1, 2, 3, 4, 5]


def test_faults_are_nested_under_their_keys() -> None:
    error = invalid_form([Fault(("components", 0, "label"), "CODE", "Why")])
    assert error.body["errors"] == {"components": {"0": {"label": {"_errors": [{"code": "CODE", "message": "Why"}]}}}}
