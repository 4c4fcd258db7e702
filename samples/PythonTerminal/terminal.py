#!/usr/bin/python3
"""A second CardIssue terminal, written from CardIssue.Core/PROTOCOL.md: a start for people on other platforms, and the document's proof.

    terminal.py init FOLDER NAME                     makes keys and FOLDER/terminal.json, to be enrolled at the center
    terminal.py issue FOLDER HOST:PORT ORDER OPERATOR [--reader PORT]      issues one order; the code comes on standard input
    terminal.py check VECTORS.json...                holds what is written here against the protocol's vectors

FOLDER also holds the center's center.json, and tls.pem (key and certificate) where the line has TLS. The reader is a vpcd port:
a virtual card connects to it. Whole lines only (no split ones); SCP03 in module mode. Its keys lie in files without a passphrase: this is a
sample. Needs python3-cryptography and python3-cbor2.
"""
import argparse, hashlib, hmac, json, os, pathlib, socket, ssl, struct, sys, time
import cbor2
from cryptography.hazmat.primitives import cmac, hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HELLO, CHALLENGE, PROOF, ADMITTED, REFUSED, REQUEST, RESUME, DECLINED, INSERT, PRESENT = range(1, 11)
REJECTED, SCRIPT, COMMAND, CREDIT, RESULT, ISSUED, REMOVED, ABORT, READER_REFUSED = range(11, 20)
WITNESS, WINDOW, VERSION = 26, 12, 1
OPEN, AUTHENTICATE = 1, 2
COMPLETED, UNEXPECTED, CARD_LOST, GAP, MODULE_REFUSED = range(1, 6)
P256 = ec.SECP256R1()


# --- What is signed, derived and sealed: one form ---------------------------------------------------------------------------------------

def encode(item): return cbor2.dumps(item, canonical=True)

def labelled(label, *fields): return encode(["CardIssue 1 " + label, *fields])

def derive(secret, label, *fields): return HKDF(hashes.SHA256(), 32, None, labelled(label, *fields)).derive(secret)

def sha256(data): return hashlib.sha256(data).digest()

def point(key): return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

def public(encoded): return ec.EllipticCurvePublicKey.from_encoded_point(P256, encoded)

def agree(own, other): return own.exchange(ec.ECDH(), other)

def sign(key, data):
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")

def verify(key, signature, data):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))

def proof_input(hello, challenge, note, center, own_certificate, center_certificate):
    return labelled("proof", hello, challenge, note, center, own_certificate, center_certificate)

def admitted_input(admission, proof, admitted): return labelled("admitted", admission, proof, admitted[3], admitted.get(4, b""))

def seal_code(ephemeral, center, admission, request, reference, code):
    key = derive(agree(ephemeral, center), "issue code", point(ephemeral.public_key()), point(center), admission, request, reference)
    return point(ephemeral.public_key()) + AESGCM(key).encrypt(bytes(12), bytes([len(code)]) + code + bytes(63 - len(code)), None)

def seal_nonce(domain, sequence): return struct.pack(">BI7x", domain, sequence)


# --- The line ---------------------------------------------------------------------------------------------------------------------------

class LineLost(Exception): pass


class Line:
    """Frames on TCP, with TLS or with counter and MAC."""

    def __init__(self, address, folder, center):
        self.socket = socket.create_connection(address, 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.own = self.peer = self.buffer = b""
        # Without TLS: the keys of both directions; what comes in has counter and MAC behind Admitted.
        self.keys, self.authenticates, self.sent, self.received = None, False, 0, 0
        if center["tlsCertificateSha256"]:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version, context.check_hostname, context.verify_mode = ssl.TLSVersion.TLSv1_3, False, ssl.CERT_NONE
            context.load_cert_chain(folder / "tls.pem")
            self.socket = context.wrap_socket(self.socket)
            self.peer = sha256(self.socket.getpeercert(True))
            if self.peer != bytes.fromhex(center["tlsCertificateSha256"]): raise SystemExit("this is not the center")
            self.own = bytes.fromhex(json.loads((folder / "terminal.json").read_text())["tlsCertificateSha256"])
            if self._exactly(3) != bytes(3): raise LineLost("no greeting")
        self.socket.settimeout(15)

    def _exactly(self, count):
        silent = time.monotonic()
        while len(self.buffer) < count:
            try:
                some = self.socket.recv(65536)
                if not some: raise LineLost("closed by the center")
                self.buffer, silent = self.buffer + some, time.monotonic()
            except TimeoutError:
                if time.monotonic() - silent > 45: raise LineLost("nothing came for 45 s") from None
                self._write(b"")
            except OSError as e: raise LineLost(e) from e
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _write(self, frame):
        try: self.socket.sendall(len(frame).to_bytes(3, "big") + frame)
        except OSError as e: raise LineLost(e) from e

    def send(self, message):
        data = encode(message)
        if self.keys:
            self.sent += 1
            data = self._counted(self.keys[0], self.sent, data)
        self._write(data)

    @staticmethod
    def _counted(key, number, data):
        counted = number.to_bytes(8, "big") + data
        return counted + hmac.new(key, counted, hashlib.sha256).digest()[:16]

    def receive(self):
        """The next message and its bytes."""
        length = 0
        while not length: length = int.from_bytes(self._exactly(3), "big")
        frame = self._exactly(length)
        if self.authenticates and self.keys:
            self.received += 1
            data = frame[8:-16]
            if not hmac.compare_digest(frame, self._counted(self.keys[1], self.received, data)): raise LineLost("tampered with")
            frame = data
        return cbor2.loads(frame), frame


# --- The card ---------------------------------------------------------------------------------------------------------------------------

class CardGone(Exception): pass


class Reader:
    """A port that a virtual card connects to, and what T=0 leaves to the terminal."""

    identity = {1: "vpcd", 4: "python"}

    def __init__(self, port):
        self.server = socket.create_server(("127.0.0.1", port))
        self.card = None

    def wait(self):
        if self.card is None:
            self.card = self.server.accept()[0]
            self.card.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._say(b"\x01")
        return self._ask(b"\x04")

    def reset(self): self._say(b"\x02")

    def power_off(self):
        if self.card is not None: self._say(b"\x00")

    def exchange(self, command):
        answer = self._ask(command)
        if answer[-2] == 0x6C and len(answer) == 2:
            answer = self._ask((command[:4] if len(command) <= 5 else command[:5 + command[4]]) + answer[-1:])
        while answer[-2] == 0x61: answer = answer[:-2] + self._ask(bytes([command[0] & 0x03, 0xC0, 0, 0, answer[-1]]))
        return answer

    def _say(self, data):
        try: self.card.sendall(len(data).to_bytes(2, "big") + data)
        except OSError as e: raise CardGone from e

    def _ask(self, data):
        self._say(data)
        answer = self._exactly(int.from_bytes(self._exactly(2), "big"))
        if len(answer) < 2: raise CardGone
        return answer

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            some = self.card.recv(count - len(data))
            if not some: raise CardGone
            data += some
        return data


# --- The secure module: module mode -----------------------------------------------------------------------------------------------------

class Opening:
    """One card that is open: SCP03 (GPC Amendment D) with the session keys of a ticket. It wraps; the center judges the answers."""

    def __init__(self, session, script):
        ticket = cbor2.loads(script[9])
        self.key = derive(session, "opening", *(ticket[i] for i in range(1, 6)))
        plain = AESGCM(self.key).decrypt(seal_nonce(1, script[5]), ticket[6], labelled("ticket", script[5]))
        protocol, _, self.level, flags, n, m = plain[:6]
        if protocol != 3: raise ValueError("this sample speaks SCP03 alone")
        self.counts_empty = not flags & 1
        self.cryptogram, keys = plain[6:6 + m], plain[6 + m:]
        self.enc, self.mac = keys[:n], keys[n:2 * n]
        self.chaining, self.counter, self.mac_length = bytes(16), 0, m

    def unseal(self, script, head, sequence, payload):
        index = sequence - script[5]
        plain = AESGCM(self.key).decrypt(seal_nonce(2, sequence), payload, labelled("command", head, index))
        if script[1] != AUTHENTICATE or index: return self.wrap(plain)
        own = self._macced(bytes([0x84, 0x82, self.level, 0]), self.cryptogram, b"")
        if own != plain: raise ValueError("the center's EXTERNAL AUTHENTICATE is not that of the ticket's keys")
        return own

    def wrap(self, plain):
        data, le = (plain[5:5 + plain[4]], plain[5 + plain[4]:]) if len(plain) > 5 else (b"", plain[4:])
        if data or self.counts_empty: self.counter += 1
        if self.level & 2 and data:
            icv = Cipher(algorithms.AES(self.enc), modes.ECB()).encryptor().update(self.counter.to_bytes(16, "big"))
            padded = data + b"\x80" + bytes(-(len(data) + 1) % 16)
            data = Cipher(algorithms.AES(self.enc), modes.CBC(icv)).encryptor().update(padded)
        return self._macced(bytes([plain[0] | 4]) + plain[1:4], data, le)

    def _macced(self, head, data, le):
        body = head + bytes([len(data) + self.mac_length]) + data
        mac = cmac.CMAC(algorithms.AES(self.mac))
        mac.update(self.chaining + body)
        self.chaining = mac.finalize()
        return body + self.chaining[:self.mac_length] + le


# --- The terminal -----------------------------------------------------------------------------------------------------------------------

class Terminal:
    def __init__(self, folder, address, reader):
        self.folder, self.address, self.reader = folder, address, reader
        self.me, self.center = (json.loads((folder / name).read_text()) for name in ("terminal.json", "center.json"))
        load = lambda name: serialization.load_pem_private_key((folder / name).read_bytes(), None)
        self.credential, self.agreement = load("credential.pem"), load("agreement.pem")
        self.signing, self.center_agreement = (public(bytes.fromhex(self.center[name])) for name in ("signingKey", "agreementKey"))
        self.transport = derive(agree(self.agreement, self.center_agreement), "transport", self.me["terminal"], int(self.me["keyVersion"]),
                                point(self.agreement.public_key()), point(self.center_agreement))
        self.token = None

    def admit(self):
        """S210, S220: both ends prove both of their keys."""
        line = self.line = Line(self.address, self.folder, self.center)
        hello = {0: HELLO, 1: VERSION, 2: VERSION, 3: self.me["terminal"], 4: os.urandom(32), 5: WINDOW}
        line.send(hello)
        challenge, challenge_bytes = self.expect(CHALLENGE)
        note = self.folder / "note"
        note = note.read_bytes() if note.exists() else b""
        signed = proof_input(encode(hello), challenge_bytes, note, self.center["center"], line.own, line.peer)
        self.admission = sha256(signed)
        self.session = derive(self.transport, "session", self.admission)
        proof = {0: PROOF, 1: sign(self.credential, signed), 2: derive(self.session, "terminal confirms")}
        if note: proof[3] = note
        line.send(proof)
        if not line.peer: line.keys = derive(self.session, "line to center"), derive(self.session, "line to terminal")
        admitted, _ = self.expect(ADMITTED)
        answer = admitted_input(self.admission, encode(proof), admitted)
        verify(self.signing, admitted[1], answer)
        confirmed = derive(self.session, "center confirms", sha256(answer))
        if not hmac.compare_digest(admitted[2], confirmed): raise SystemExit("this is not the center")
        body, signature = cbor2.loads(admitted[3])
        verify(self.signing, signature, labelled("reader list", body))
        self.readers = cbor2.loads(body)[4]
        line.authenticates = True
        self.requests = self.insertions = self.next = 0
        self.opening = self.script = None

    def expect(self, kind):
        message, data = self.line.receive()
        if message[0] == REFUSED: raise SystemExit(f"access refused, code {message[1]}")
        if message[0] != kind: raise LineLost(f"message {message[0]} where {kind} belongs")
        return message, data

    def issue(self, reference, operator, code):
        while True:
            try:
                self.admit()
                self.requests += 1
                if self.token: self.line.send({0: RESUME, 1: self.requests, 2: self.token})
                else:
                    sealed = seal_code(ec.generate_private_key(P256), self.center_agreement, self.admission, self.requests, reference, code)
                    self.line.send({0: REQUEST, 1: self.requests, 2: reference, 3: sealed, 4: operator})
                while (ended := self.hear(*self.line.receive())) is None: pass
                return ended
            except (LineLost, OSError) as e:
                print(f"line lost: {e}", file=sys.stderr)
                if self.reader.card is not None: self.reader.power_off()
                time.sleep(0.5)

    def hear(self, message, data):
        """One message of the center; how the order ended, when it has."""
        kind = message[0]
        if kind == WITNESS: (self.folder / "note").write_bytes(message[1])
        elif kind == INSERT: self.insert(message)
        elif kind == SCRIPT: self.begin(message, data)
        elif kind == COMMAND: self.command(message)
        elif kind == ISSUED:
            self.line.send({0: REMOVED})
            return 0, message[1]
        elif kind == DECLINED: return 3, f"declined, code {message[2]}"
        elif kind == REJECTED: return 4, f"card refused, code {message[2]}"
        elif kind == ABORT: return 5, f"stopped, code {message[1]}"
        return None

    def insert(self, message):
        """S240, S250."""
        self.token = message[2]
        told = lambda entry: {key: entry[key] for key in (1, 2, 3, 4, 5) if key in entry}
        if not any(8 not in entry and told(entry).items() <= self.reader.identity.items() for entry in self.readers):
            self.line.send({0: READER_REFUSED, 1: "vpcd reader python"})
            raise SystemExit("the reader is not known")
        print("insert a card:", message[4], flush=True)
        self.insertions += 1
        self.line.send({0: PRESENT, 1: self.insertions, 2: self.reader.wait()})

    def begin(self, script, head):
        self.script, self.head, self.answers, self.granted, self.stop = script, head, [], min(script[6], WINDOW), None
        self.next = script[5]
        try:
            if script[1] == OPEN:
                self.opening = None
                self.reader.reset()
            if 9 in script: self.opening = Opening(self.session, script)
        except CardGone: self.stop = CARD_LOST
        except Exception as e:
            print(f"the module refuses the ticket: {e!r}", file=sys.stderr)
            self.stop = MODULE_REFUSED

    def command(self, message):
        """S280: to the card, and once per script S290 to the center."""
        if self.script is None or message[1] < self.next: return
        if message[1] > self.next: return self.report(GAP)
        if self.stop: return self.report(self.stop)
        payload, self.next = message[2], self.next + 1
        if self.script.get(8):
            try: payload = self.opening.unseal(self.script, self.head, message[1], payload)
            except Exception as e:
                print(f"the module refuses a command: {e!r}", file=sys.stderr)
                return self.report(MODULE_REFUSED)
        try: self.answers.append(self.reader.exchange(payload))
        except (CardGone, OSError): return self.report(CARD_LOST)
        expected = message.get(3, [0x9000])
        if 0 not in expected and int.from_bytes(self.answers[-1][-2:], "big") not in expected: return self.report(UNEXPECTED)
        first, count, done = self.script[5], self.script[6], len(self.answers)
        if done == count: return self.report(COMPLETED)
        granted = min(count, done + WINDOW)
        if granted - self.granted >= WINDOW * 2 // 3 or granted == count > self.granted:
            self.granted = granted
            self.line.send({0: CREDIT, 1: first + granted})

    def report(self, stop):
        self.line.send({0: RESULT, 1: self.script[5], 2: stop, 3: self.answers})
        self.script, self.answers = None, []


def init(folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for kind in ("credential", "agreement"):
        key = ec.generate_private_key(P256)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{kind}.pem").write_bytes(pem)
        (folder / f"{kind}.pem").chmod(0o600)
        made[kind] = point(key.public_key()).hex().upper()
    tls = folder / "tls.pem"
    pem = tls.read_text() if tls.exists() else ""
    certificate = sha256(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT"):])).hex().upper() if pem else ""
    identity = {"terminal": name, "credentialKey": made["credential"], "agreementKey": made["agreement"], "keyVersion": "1",
                "tlsCertificateSha256": certificate}
    (folder / "terminal.json").write_text(json.dumps(identity, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("init")
    making.add_argument("folder", type=pathlib.Path)
    making.add_argument("name")
    issuing = commands.add_parser("issue")
    issuing.add_argument("folder", type=pathlib.Path)
    for name in ("center", "order", "operator"): issuing.add_argument(name)
    issuing.add_argument("--reader", type=int, default=35963)
    checking = commands.add_parser("check")
    checking.add_argument("vectors", type=pathlib.Path, nargs="+")
    asked = parser.parse_args()
    if asked.command == "init": return init(asked.folder, asked.name)
    if asked.command == "check":
        import check
        return check.check(asked.vectors)
    host, port = asked.center.rsplit(":", 1)
    code = sys.stdin.readline().strip().encode()
    terminal = Terminal(asked.folder, (host, int(port)), Reader(asked.reader))
    status, text = terminal.issue(asked.order, asked.operator, code)
    print(text)
    return status


if __name__ == "__main__": sys.exit(main())
