"""Tables of images are read as people write them, and refused in a sentence where they cannot be."""

from __future__ import annotations

import pytest

from cvcore.annotations import Row, cells, image_tables
from cvcore.annotations.documents import Document
from cvcore.errors import ArchiveRefused

ROW_1 = Row(2, ("1.jpg",), ("apple",))


def table(text: str, name: str = "labels.csv") -> Document:
    document = image_tables.read_csv(text.encode(), name)
    assert document is not None
    return document


def refused(data: bytes) -> str:
    """The sentence with which a table is refused."""
    with pytest.raises(ArchiveRefused) as refusal:
        image_tables.read_csv(data, "labels.csv")
    return str(refusal.value)


def test_table_reads_rows() -> None:
    """Tags come in order, stripped and each once; quotes hold commas, and a row may have no tag."""
    read = table('File , Labels\n"a, b.jpg", pear | apple|pear||\nclose\\2.jpg,\n')
    assert read.rows == (Row(2, ("a, b.jpg",), ("pear", "apple")), Row(3, ("close", "2.jpg"), ()))
    assert read.broken == ()


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32"])
def test_table_reads_what_programs_write(start: str, end: str, encoding: str) -> None:
    """A byte order mark, each kind of line end, empty lines, and each encoding that has a mark."""
    if encoding == "utf-16-le":
        start = "\ufeff"
    elif encoding != "utf-8":
        start = ""
    read = image_tables.read_csv(
        f"{start}file,labels{end}{end}1.jpg,Ga\u0308nseblu\u0308mchen{end}".encode(encoding), "labels.csv"
    )
    assert read is not None
    assert (read.rows, read.broken) == ((Row(3, ("1.jpg",), ("Gänseblümchen",)),), ())


def test_table_tells_broken_rows() -> None:
    """A row with too few or too many columns is listed by its line."""
    read = table('file,labels\n"1\n.jpg",a\n2.jpg\n3.jpg,a,b\n')
    reason = "a row must have 2 columns like the first line, this one has {}: correct it"
    assert [row.line for row in read.rows] == [3]
    assert read.broken == ((4, reason.format(1)), (5, reason.format(3)))


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "file,width\n1.jpg,3\n"])
def test_table_needs_its_columns(text: str) -> None:
    """A labels.csv without its columns is refused, as they could be anything."""
    first = text.split("\n")[0]
    assert refused(text.encode()) == (
        f"labels.csv must begin with the line file,labels, got {first!r}: add that line at the top"
    )


@pytest.mark.parametrize(
    "text",
    ["file;labels\n1.jpg;apple\n", "file\tlabels\n1.jpg\tapple\n", "path,class,width\n1.jpg,apple,3\n",
     "file,labels\n1.jpg,apple\n", "file,label,label_name\n1.jpg,0,apple\n", "image,apple,pear\n1.jpg,1,0\n",
     "filename, apple, pear\n1.jpg, 1, 0\n", 'image,choice\n1.jpg,"{""choices"": [""apple""]}"\n',
     "file,labels\n1.jpg,\"['apple']\"\n"],
)  # fmt: skip
def test_table_has_many_shapes(text: str) -> None:
    """Other separators and names of columns, no header, codes beside names, a column for each tag, lists in cells."""
    assert table(text).rows == (ROW_1,)


@pytest.mark.parametrize(
    ("cell", "split"),
    [("yes", "test"), ("TRUE", "test"), ("1", "test"), ("Y", "test"), ("x", "test"), ("Test", "test"), ("no", None),
     ("", None), ("0", None), ("train", "train"), ("nan", None)],
)  # fmt: skip
def test_column_test(cell: str, split: str | None) -> None:
    """Every usual word for yes keeps an image for testing."""
    read = table(f"file,labels,test\n1.jpg,apple,{cell}\n")
    assert [row.split for row in read.rows] == [split]
    assert read.broken == ()


def test_column_test_is_not_guessed() -> None:
    """A word that is neither yes nor no is listed by its line."""
    (told,) = table("file,labels,test\n1.jpg,apple,maybe\n").broken
    assert told == (
        2,
        "the column test must say yes or no, or the name of a split, 'maybe' is none of these: correct it; "
        "until then the image is used for training",
    )


@pytest.mark.parametrize("column", ["split", "Set", "ml_use", "subset", "is_train"])
def test_column_of_splits(column: str) -> None:
    """A column of splits is known by its name and its words."""
    cells = ("0", "1") if column == "is_train" else ("TEST", "validation")
    read = table(f"image,{column},label\n1.jpg,{cells[0]},a\n2.jpg,{cells[1]},b\n", "train.csv")
    assert [row.split == "test" for row in read.rows] == [True, False]


def test_automl() -> None:
    """Google's tables without a header: split, address, and as many labels as there are."""
    read = table("TRAIN,gs://b/1.jpg,apple,pear\nTEST,gs://b/2.jpg,pear\nUNASSIGNED,gs://b/3.jpg\n", "import.csv")
    assert [(row.path[-1], row.tags, row.split) for row in read.rows] == [
        ("1.jpg", ("apple", "pear"), "train"),
        ("2.jpg", ("pear",), "test"),
        ("3.jpg", (), None),
    ]


def test_cells_without_a_value_are_told() -> None:
    """What pandas writes for nothing is no tag, and said."""
    read = table("file,labels\n1.jpg,nan\n2.jpg,NULL\n3.jpg,\n")
    assert [row.tags for row in read.rows] == [(), (), ()]
    assert read.notes == ("2 cells with “NULL”, “nan”: read as no tag. To use it as a tag, write it differently.",)


def test_other_separators_are_told() -> None:
    """A comma or a semicolon in a cell is part of the tag, and said."""
    read = table('file,labels\n1.jpg,"cat, dog"\n2.jpg,cat;dog\n')
    assert [row.tags for row in read.rows] == [("cat, dog",), ("cat;dog",)]
    assert read.notes[0].startswith(
        "2 cells may have several tags, first “cat, dog” in line 2: each is read as one tag."
    )


@pytest.mark.parametrize("columns", ["file_name,width,height", "file_name,text", "id"])
def test_tables_without_tags(columns: str) -> None:
    """Measures and captions are not tags: the folders give them, and the table's columns are told."""
    values = ",".join(["1.jpg", "A cat sleeps.", "3"][: columns.count(",") + 1])
    read = image_tables.read_csv(f"{columns}\n{values}\n".encode(), "metadata.csv")
    assert read is not None
    assert not read.gives_tags


def test_table_must_be_utf8() -> None:
    """A table in another encoding is refused rather than read wrong."""
    expected = "labels.csv must be UTF-8 text, byte 18 is not: save it as CSV UTF-8"
    assert refused("file,labels\n1.jpg,ü\n".encode("latin-1")) == expected


@pytest.mark.parametrize("row", ['"1.jpg,apple', "1.jpg," + "x" * 200_000])
def test_table_with_a_stray_quote(row: str) -> None:
    """A quote that does not end, which would swallow all rows after it, is refused; so is an endless field."""
    expected = "labels.csv must be a table, line 2 has a stray quote: correct it"
    assert refused(f"file,labels\n{row}\n".encode()) == expected


def test_table_is_limited_in_rows() -> None:
    """More rows than any project has images are refused, broken ones counted too."""
    assert (
        refused(b"file,labels\n" + b"x\n" * 100_001)
        == "labels.csv must have at most 100,000 rows, this one has more: split it"
    )


def test_table_is_limited_in_bytes() -> None:
    """A table far larger than its rows could need is refused."""
    assert refused(bytes(16 * 2**20 + 1)) == "labels.csv must be at most 16 MB, this one is larger: split it"


@pytest.mark.parametrize("row", ["1.jpg,['apple', 'pear']", "1.jpg,{apple,pear}", "1.jpg,\"array(['apple', 'pear'])\""])
def test_lists_in_cells(row: str) -> None:
    """A list that a program wrote is its tags, also where its commas stand without quotes."""
    read = table(f"file,labels\n{row}\n")
    assert (read.rows, read.broken) == ((Row(2, ("1.jpg",), ("apple", "pear")),), ())


@pytest.mark.parametrize("name", ["-", "array(['a'])", "None", "a|b", "[a]"])
def test_any_tag_comes_back(name: str) -> None:
    """A tag that looks like a list or like no value is written so that it is read as itself."""
    assert cells.tags(cells.text_of([name])) == (name,)


def test_a_table_without_one_readable_row() -> None:
    """A table with the right first line is not told to add it: each row is told by its line."""
    read = table("file,labels\n1.jpg,apple,pear\n")
    reason = "a row must have 2 columns like the first line, this one has 3: correct it"
    assert (read.rows, read.broken) == ((), ((2, reason),))
    assert table("file,labels\n").rows == ()


def test_columns_of_tags_are_not_guessed() -> None:
    """A cell that says neither yes nor no is told by its line; -1 is no, as in CelebA's table."""
    read = table("file,apple,pear\n1.jpg,1,-1\n2.jpg,2,1\n")
    assert [row.tags for row in read.rows] == [("apple",), ("pear",)]
    rule = "the column apple must say yes or no, as 1 or 0, '2' is neither"
    assert read.broken == ((3, f"{rule}: correct it; until then the image is without this tag"),)


def test_words_between_spaces_are_told() -> None:
    """Words that stand in several cells may be tags of their own; words of one name are not told."""
    told = table("image_name,tags\ntrain_1,haze primary\ntrain_2,primary water\n", "train.csv")
    assert told.notes[0].startswith("2 cells may have several tags, first “haze primary” in line 2")
    assert table("file,labels\n1.jpg,golden retriever\n2.jpg,poodle\n").notes == ()


@pytest.mark.parametrize(
    "text",
    ["Image,Id\n1.jpg,w_f48\n",
     "annotation_id,annotator,animal,id,image,lead_time\n1,1,w_f48,1,/data/upload/1/abcd1234-1.jpg,3.2\n",
     "TRAIN,gs://b/1,w_f48\n"],
)  # fmt: skip
def test_the_only_column_that_can_be_tags(text: str) -> None:
    """A column of another name has the tags if no other can have them: whales' ids, a question of Label Studio."""
    assert [row.tags for row in table(text, "train.csv").rows] == [("w_f48",)]


@pytest.mark.parametrize("word", ["tak", "evet", "igen", "ok", "+", "☑"])
def test_more_words_for_yes(word: str) -> None:
    """Yes is read in more languages and as people tick boxes."""
    assert table(f"file,labels,test\n1.jpg,apple,{word}\n").rows[0].split == "test"


def test_lines_with_columns_of_their_own() -> None:
    """Many thousand are read in one pass; past the first 2,000 columns they give no more metadata."""
    lines = [{"file_name": f"{number}.jpg", "label": "a", f"note {number}": "x"} for number in range(20_000)]
    read = image_tables.read_records(enumerate(lines, 1), "metadata.jsonl")
    assert read is not None
    assert (20_000, {("a",)}) == (len(read.rows), {row.tags for row in read.rows})
    assert [1] * 50 + [0] * 19_950 == [len(row.metadata) for row in read.rows]
