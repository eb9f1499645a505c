"""The words by which data sets call their splits: one list for folders, file names and cells of tables.

Validation images train, too: Tagwise evaluates by cross-validation, so only test images are kept apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

Split = Literal["train", "valid", "test"]

_WORDS: dict[Split, str] = {
    "train": """
        train training trains trn learn learning fit entrenamiento entreno entrainement apprentissage treino treinamento
        treinar addestramento allenamento lernen training trainings traeningsdata trening treningowy treningowe uczacy
        traning opplaering treening harjoitus koulutus egitim latih latihan pelatihan antrenament trenovaci trenovani
        tanito
        обучение обучающая обучающий тренировка тренировочная тренировочный навчання εκπαιδευση تدريب אימון प्रशिक्षण
        训练 訓練 训练集 訓練集 学習 학습 훈련 ฝึก
    """,
    "valid": """
        val valid validation validate validating validset vali dev development eval evaluation devel
        validacion validacao validazione validierung walidacja walidacyjny valideringsdata validering validointi
        dogrulama validasi validare validace validalas валидация валидационная проверка перевірка επικυρωση تحقق אימות
        验证 驗證 验证集 驗證集 検証 검증
    """,
    "test": """
        test tests testing tst holdout teste testes prueba pruebas essai prova proef testowy testowe testovaci
        testiranje testdaten testeo teszt ujian pengujian uji тест тесты тестовая тестовый тестирование
        unseen pruefung prufung δοκιμη اختبار בדיקה परीक्षण 测试 測試 测试集 測試集 テスト 시험 테스트 평가 ทดสอบ
    """,
}


def plain(word: str) -> str:
    """A word in small letters without accents; those of other scripts stay as they are.

    >>> plain("Évaluation")
    'evaluation'
    """
    letters = unicodedata.normalize("NFKD", word.casefold())
    return unicodedata.normalize("NFC", "".join(each for each in letters if not "\u0300" <= each <= "\u036f"))


_SPLITS: dict[str, Split] = {plain(word): split for split, words in _WORDS.items() for word in words.split()}

# What stands beside the word: train_images, Test-Set, val2017, images (train), 训练数据, 訓練用.
_BESIDE = (
    "data dataset datasets set sets image images img imgs jpg split folder pictures photos files labels list daten"
)
_NOISE = {*_BESIDE.split(), "manifest", "bilder", "seg", "x", "batch", "fold", "imagenes", "fotos", "with", "the", "of"}
_END = re.compile(
    r"(?:datasets?|data|sets?|images?|imgs?|daten|menge|bilder|val|数据集|数据|資料|データ|セット|集|用|데이터)$"
)


@lru_cache(maxsize=4096)
def of(name: str) -> Split | None:
    """The split that a folder, a file without its suffix, or a cell names; None if it names none or several.

    >>> of("Train"), of("test-images"), of("val2017"), of("テストデータ"), of("testimony"), of("train_test")
    ('train', 'test', 'valid', 'test', None, None)
    >>> of("hold-out"), of("seg_train"), of("train-val")
    ('test', 'train', 'train')
    """
    words = _words(name)
    found = {split for word in words if (split := _split(word))}
    if not found and (joined := _split("".join(words))):
        return joined
    others = [word for word in words if not _split(word) and word not in _NOISE]
    if others or (len(found) > 1 and "test" in found):
        return None
    return "train" if len(found) > 1 else next(iter(found), None)


def named_in(name: str) -> Split | None:
    """The one split that a longer name has among its words: of a table, whose name says more than its split.

    >>> named_in("testing_manifest_with_validation"), named_in("flowers-train-v2"), named_in("output")
    ('test', 'train', None)
    """
    return next(filter(None, map(_split, _words(name))), None)


def first(names: Iterable[str]) -> Split | None:
    """The split of the first of the names that is one; None if none is."""
    return next(filter(None, map(of, names)), None)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W\d_]+", plain(name)) if word]


def _split(word: str) -> Split | None:
    return _SPLITS.get(word) or _SPLITS.get(_END.sub("", word))
