"""The recovery kit: a text file that opens a copied database on another machine, in plain words of the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from app.domain.secret import Secret

ENGLISH = "en"

# The commands are the same in every language, and whole blocks of them can be pasted into a shell.
_WRITE = """\
mkdir -p data/keys
chmod 700 data data/keys
(umask 077; cat > data/keys/master.key <<'END'
{keys}
END
)"""
_START = """\
patchbay keys status --data-dir data
patchbay serve --data-dir data"""

_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        ENGLISH: """\
PATCHBAY RECOVERY KIT

Keep this file with your organization's other keys: printed in a safe, or in a password manager.
Do not keep it next to the database backups. Anyone with this file and a copy of the database can read every secret.

Created         {at}
Created by      {by}
Address         {address}
Instance ID     {instance}
Key in use      {active}
Keys included   {kids}

THE MASTER KEY{many}

{keys}

WHAT IT IS FOR

If the server is damaged or lost, you need two things: a backup of the database, and this key.

1. Install Patchbay and open a shell in an empty folder.
2. Write the key into a new data folder:

{write}

3. Put the backup of the database into the folder data, under the name patchbay.db.
   If you use PostgreSQL: restore the database on your PostgreSQL server and set PATCHBAY_DATABASE_URL.
4. The first of these commands shows the key as "active" and "loaded"; the second one starts Patchbay:

{start}

After you change the master key, save a new recovery kit. Keep this one for as long as you keep backups made with this key.
""",
        "vi": """\
BỘ KHÔI PHỤC PATCHBAY

Giữ tệp này cùng các khóa khác của tổ chức: in ra để trong két, hoặc trong trình quản lý mật khẩu.
Không để cạnh bản sao lưu cơ sở dữ liệu. Ai có tệp này và một bản sao cơ sở dữ liệu thì đọc được mọi thông tin bí mật.

Tạo lúc            {at}
Người tạo          {by}
Địa chỉ            {address}
ID bản cài đặt     {instance}
Khóa đang dùng     {active}
Các khóa ở đây     {kids}

KHÓA CHỦ{many}

{keys}

DÙNG ĐỂ LÀM GÌ

Nếu máy chủ bị hỏng hoặc bị mất, bạn cần hai thứ: một bản sao lưu cơ sở dữ liệu và khóa này.

1. Cài Patchbay rồi mở dòng lệnh trong một thư mục trống.
2. Ghi khóa vào một thư mục dữ liệu mới:

{write}

3. Đặt bản sao lưu cơ sở dữ liệu vào thư mục data với tên patchbay.db.
   Nếu bạn dùng PostgreSQL: khôi phục cơ sở dữ liệu trên máy chủ PostgreSQL và đặt PATCHBAY_DATABASE_URL.
4. Lệnh thứ nhất dưới đây cho thấy khóa là "active" và "loaded"; lệnh thứ hai khởi động Patchbay:

{start}

Sau khi đổi khóa chủ, lưu bộ khôi phục mới. Giữ bộ này chừng nào bạn còn giữ các bản sao lưu dùng khóa này.
""",
        "zh": """\
PATCHBAY 恢复套件

请把此文件与贵组织的其他密钥放在一起：打印后锁入保险柜，或存入密码管理器。
不要与数据库备份放在一起。同时拥有此文件和数据库副本的人，可以读取所有机密信息。

生成时间     {at}
生成者       {by}
地址         {address}
实例 ID      {instance}
使用中的密钥 {active}
包含的密钥   {kids}

主密钥{many}

{keys}

用途

如果服务器损坏或丢失，您需要两样东西：数据库备份和此密钥。

1. 安装 Patchbay，并在一个空文件夹中打开命令行。
2. 将密钥写入新的数据文件夹：

{write}

3. 将数据库备份放入 data 文件夹，命名为 patchbay.db。
   如果使用 PostgreSQL：在 PostgreSQL 服务器上恢复数据库，并设置 PATCHBAY_DATABASE_URL。
4. 下面第一条命令会显示密钥为 "active" 和 "loaded"；第二条启动 Patchbay：

{start}

更换主密钥后，请保存新的恢复套件。只要还保留着用此密钥创建的备份，就请保留此恢复套件。
""",
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class RecoveryKit:
    """`text` holds the master keys. `filename` is harmless."""

    filename: str
    text: Secret


@dataclass(frozen=True, slots=True, repr=False)
class Contents:
    """What goes into a kit. `keys`: id → key as it is written down, the active one first."""

    keys: Mapping[str, Secret]
    instance_id: str
    address: str
    by: str
    at: datetime


def languages() -> Sequence[str]:
    """Languages a kit can be written in."""
    return list(_TEXTS)


def write(contents: Contents, language: str) -> RecoveryKit:
    """The file, in this language; in English when there is no such language."""
    kids = list(contents.keys)
    keys = "\n".join(key.reveal() for key in contents.keys.values())
    text = _TEXTS.get(language, _TEXTS[ENGLISH]).format(
        at=f"{contents.at:%Y-%m-%d %H:%M} UTC",
        by=contents.by,
        address=contents.address,
        instance=contents.instance_id,
        active=kids[0],
        kids=", ".join(kids),
        many=f" ({len(kids)})" if len(kids) > 1 else "",
        keys=keys,
        write=_WRITE.format(keys=keys),
        start=_START,
    )
    return RecoveryKit(f"patchbay-recovery-kit-{kids[0]}.txt", Secret(text))
