"""How much a reading of bytes looks like a language, from about -1 (noise) to 1: what legacy encodings are told by.

Every character that is not ASCII is judged by how common it is in the languages that used the encoding, and letters
by their neighbours: no word has capitals inside, or letters of two alphabets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

SIMPLIFIED = (
    "的一是不了在有人我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情"
    "明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给"
    "世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太"
    "量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象"
    "完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运买卖退款货换差评价格服务质量喜欢"
    "快慢请谢谢错误投诉咨询表扬订单物流客户满意失望推荐好坏正负面中性"
)
TRADITIONAL = (
    "的一是不了在有人我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方"
    "多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情"
    "明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西月話合回特代內信表化老給世"
    "位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量"
    "買賣退款貨換差評價格服務質喜歡快慢請謝錯誤投訴諮詢表揚訂單客戶滿意失望推薦壞負嗎呢吧"
)
JAPANESE = (
    "ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽ"
    "まみむめもゃやゅゆょよらりるれろわをんァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナ"
    "ニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロワヲンヴー日本人大一年国会中出時行見月後前生五間上東四今"
    "金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨良悪品質対応商品"
    "送料注文返金問合満足普通肯定否定"
)
KOREAN = (
    "이다는을가에의하고지은도를로한사어기있아자나그리인시정대해수들일서것부보제게전상과주구여무장요공조안스만아유성내중오모원경으"
    "면미비신문화까동말실선학라습니합세개우니된할되때위용없와했좋싫별로매진분계국연소물품배송환불감재질문의취소너무최고최악빠르친절"
    "점야거네데같음긍부정립"
)
PUNCTUATION = re.compile("[\u3000-\u3020\uff01-\uff5e“”‘’…—–·《》￥€°×÷Ⅰ-Ⅻ①-⑳●■★☆◆→←↑↓∶\U0001f300-\U0001faff]")
UNREADABLE = re.compile("[\ufffd\x80-\x9f\ud800-\uf8ff]")
# Codec -> (characters that are very common, the codec and its rows of first bytes that hold the common ones).
IDEOGRAPHS = {
    "gb18030": (SIMPLIFIED + TRADITIONAL, (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6))),
    "big5hkscs": (TRADITIONAL, (("big5", 0xA4, 0xC6),)),
    "cp932": (JAPANESE, (("euc_jp", 0xB0, 0xCF),)),
    "euc_jp": (JAPANESE, (("euc_jp", 0xB0, 0xCF),)),
    "cp949": (KOREAN, (("euc_kr", 0xB0, 0xC8),)),
    "johab": (KOREAN, (("euc_kr", 0xB0, 0xC8),)),
}
# Half-width kana, the commonest first, and what never stands there: a voice mark after a letter without voice, at the
# beginning of a word a small letter or a stroke, and a letter within a word of ASCII.
HALF_KANA = "ｲﾝｳﾉｼｶﾄﾀﾞﾆﾃﾊﾅｷｸﾂﾙｺﾗﾘﾏﾚｽﾓｱｾｰｮｵｹｭｯﾕｿｻﾔﾁﾖﾒﾐﾎﾍｴﾜﾛﾌﾋﾇﾈﾑｬﾟｦ｡､｢｣･ｧｨｩｪｫ"
MISPLACED = re.compile("(?<![ｳｶ-ﾄﾊ-ﾎ])ﾞ|(?<![ﾊ-ﾎ])ﾟ|(?<![ｱ-ﾟ])[ｧ-ｰ]|[ｦ-ﾟ](?=[a-z])|(?<=[a-z])[ｦ-ﾟ]")
FIRST_ROWS = re.compile("[ｱ-ｿ]")
LEAST_FIRST = 0.2  # of half-width kana are from these rows; capitals of other encodings have none there
RUSSIAN = "оеаинтсрвлкмдпуіыьягзбчйхжшюцщєїэфґъёў"
WESTERN = "éàèäöüñóíáçßãêâôîåøæúëïùœõûìòýðþÿµ"
# Codec -> the letters of its languages, the commonest first; where two readings score the same, the first counts.
ALPHABETS = {
    "cp1252": WESTERN,
    "cp1251": RUSSIAN,
    "koi8_u": RUSSIAN,
    "cp866": RUSSIAN,
    "iso8859_5": RUSSIAN,
    "mac_cyrillic": RUSSIAN,
    "cp1250": "áęąéłóíěýčšřžżśůćăúńőűțâîşţňťďźöüäôľĺßŕđ",
    "iso8859_2": "áęąéłóíěýčšřžżśůćăúńőűțâîşţňťďźöüäôľĺßŕđ",
    "cp1254": "üşıöğçâîûİ",
    "cp1253": "αοιετσνηυρπκμλωςάίέγόδήχθφύβξώζψϊϋ",
    "cp1255": "יוהלארתבשמנכםדקעפטחסגצזךןףץ",
    "cp1256": "اليمونترةبعدسفهكقحجشصطخضذثىغئءزظأإآؤپچگ",
    "cp874": "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซถณศธษฉฟฐฎญภฆ่้ัิี็ืุูึ์ำๆ",
    "iso8859_6": "اليمونترةبعدسفهكقحجشصطخضذثىغئءزظأإآؤ",
    "cp1257": "šžąčėęįųūāēīļņģķõäöü",
    "cp437": "éèàùâêîôûçäöüßñáíóúå",
    "cp850": "éèàùâêîôûçäöüßñáíóúåãõøæëïÿ",
    "cp852": "áęąéłóíěýčšřžżśůćăúńőűțâîşţďźöüäô",
    "cp737": "αοιετσνηυρπκμλωςάίέγόδήχθφύβξώζψϊϋ",
    "cp862": "יוהלארתבשמנכםדקעפטחסגצזךןףץ",
    "cp720": "اليمونترةبعدسفهكقحجشصطخضذثىغئءزظأإآؤ",
    "cp857": "üşıöğçâîûİ",
    "cp775": "šžąčėęįųūāēīļņģķõäöü",
    "cp1258": "\u0301\u0323\u0300đưôêơâă\u0309\u0303éàáèùóúíêãõ",
    "mac_roman": WESTERN,
    "iso8859_15": WESTERN,
}
LATIN = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "cp437", "cp850", "cp852", "mac_roman", "iso8859_15",
         "cp857", "cp775", "cp1258")  # fmt: skip
# The letters of one language each, and how much likelier a reading is of which all letters are of one.
LANGUAGES = tuple(map(frozenset, (
    "éàèêçâîôùœëïûæ", "äöüßé", "áéíóúñüçàèïò", "ãçáéõêíóúâàôü", "åäöéæøü", "áðéíóúýþæö", "àèéìòù", "ëéïöü", "äöõüšž",
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ", "čćđšž", "çğıİöşüâîû",
    "ąčęėįšųūž", "āčēģīķļņšūž",
)))  # fmt: skip
ONE_LANGUAGE = 0.12
# How much rarer files in an encoding are than what the languages of its letters look like.
RARE = {"mac_roman": 0.15, "mac_cyrillic": 0.2, "cp437": 0.1, "cp850": 0.1, "cp852": 0.15, "iso8859_2": 0.05,
        "iso8859_5": 0.1, "iso8859_6": 0.05, "iso8859_15": 0.1, "johab": 0.3, "cp737": 0.1, "cp862": 0.1,
        "cp720": 0.1, "cp857": 0.2, "cp775": 0.15, "cp1258": 0.1}  # fmt: skip
SIGNS = "«»„“”‘’‚–—…€№°©®™·¿¡£§×½±•\xa0"
# Several such signs in a row: rather one sign of another encoding.
CROWDED = re.compile("[€№°©®™·¿¡£§×½±•‚„]{2,}")
WORDS = re.compile(r"[^\W\d_²³¹¼½¾]+")
# A sign or a mark inside a word, or a sign before it; but for an apostrophe, marks of Vietnamese, and those of Thai
# after its letters.
INSIDE = re.compile(
    r"(?<=[^\W\d_])(?:[^\w\s\0-\x7f’‘\u0300-\u036f\u0e00-\u0e7f]|[²³¹¼½¾])(?=[^\W\d_])"
    r"|[£€§½±×](?=[a-z])|(?<=[A-Za-z])[\u0e00-\u0e7f]"
)


@lru_cache(maxsize=8)
def _common(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """(very common, common) characters of an encoding of ideographs."""
    top, ranges = IDEOGRAPHS[name]
    rows = "".join(
        bytes((first, second)).decode(codec, "ignore")
        for codec, start, end in ranges
        for first in range(start, end + 1)
        for second in range(0x40, 0xFF)
    )
    return frozenset(top), frozenset(rows)


def ideograph_score(name: str) -> Callable[[bytes], float]:
    """The score of bytes read in such an encoding: the mean over the bytes that are not ASCII."""
    top, common = _common(name)
    half = {letter: 1 - rank / (2 * len(HALF_KANA)) for rank, letter in enumerate(HALF_KANA)}

    def judge(char: str) -> float:
        if char in top:
            return 1.0
        if char in common or PUNCTUATION.match(char):
            return 0.6
        if UNREADABLE.match(char):
            return -2.0
        return 0.0 if char in half else -0.3

    def judge_half(text: str) -> float:
        kana = [char for char in text if char in half]
        if len(FIRST_ROWS.findall(text)) < LEAST_FIRST * len(kana):
            return 0.0
        return sum(half[char] for char in kana) - 2 * len(MISPLACED.findall(text))

    def score(sample: bytes) -> float:
        text = sample.decode(name, "replace")
        beyond = [char for char in text if char > "\x7f"]
        alone = len(re.findall("(?<=[A-Za-z])[^\0-\x7f](?=[A-Za-z])", text))  # an accent, taken for half a character
        return (sum(map(judge, beyond)) + judge_half(text) - 2 * alone) / max(1, len(beyond))

    return score


def alphabet_score(name: str) -> Callable[[bytes], float]:
    """The score of bytes read in an encoding of an alphabet: the mean over the characters that are not ASCII."""
    letters, latin = ALPHABETS[name], name in LATIN
    weights = {letter: 1 - rank / (2 * len(letters)) for rank, letter in enumerate(letters)}

    def judge_word(word: str) -> float:
        beyond = [char for char in word if char > "\x7f"]
        if word[1:] != word[1:].lower() and word != word.upper():
            return -1.0 * len(beyond)
        if len(word) == 1 and (not latin or word not in "àáéóöåÀ"):  # hardly a word: rather a sign in another encoding
            return 0.4 * weights.get(word.lower(), -0.5)
        if latin and len(beyond) == len(word) > 1:  # rare, as accents go
            return sum(0.2 if char.lower() in weights else -0.5 for char in beyond)
        if not latin and len(beyond) < len(word):
            return -1.0 * len(beyond)
        return (0.7 if len(word) > 1 and word == word.upper() != word.lower() else 1) * sum(
            weights.get(char.lower(), -0.2) for char in beyond
        )

    def judge_other(char: str) -> float:
        return 0.9 if char in SIGNS else weights.get(char, -0.5)

    def score(sample: bytes) -> float:
        text = sample.decode(name, "replace")
        words = sum(judge_word(word) for word in WORDS.findall(text) if not word.isascii())
        others = sum(judge_other(char) for char in WORDS.sub("", text) if char > "\x7f")
        inside, crowded = len(INSIDE.findall(text)), sum(map(len, CROWDED.findall(text)))
        used = {char for char in text.lower() if char > "\x7f" and char.isalpha()}
        one = ONE_LANGUAGE if latin and len(used) > 1 and any(used <= language for language in LANGUAGES) else 0.0
        return one + (words + others - inside - 0.6 * crowded) / max(1, sum(char > "\x7f" for char in text))

    return score
