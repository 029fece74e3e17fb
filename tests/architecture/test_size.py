"""Files that can be read in one sitting, functions that can be read at one glance."""

from architecture.tree import functions, parsed, short, sources

FILE_LINES, FUNCTION_LINES = 300, 40


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {short(file): len(file.read_text().splitlines()) for file in sources()}
    assert {file: lines for file, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {}
    for file in sources():
        for function in functions(parsed(file)):
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > FUNCTION_LINES:
                long[f"{short(file)}:{function.lineno} {function.name}"] = lines
    assert long == {}


def test_nothing_is_left_for_later() -> None:
    marks = ("TODO", "FIXME", "XXX", "raise NotImplementedError")
    assert [
        f"{short(file)}: {mark}" for file in sources() for mark in marks if mark in file.read_text()
    ] == []  # fmt: skip


def test_no_room_is_called_by_what_it_is_not() -> None:
    names = {"utils", "helpers", "common", "misc"}
    assert [short(file) for file in sources() if names & {*file.parent.parts, file.stem}] == []
