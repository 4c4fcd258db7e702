#!/usr/bin/python3
"""A second CardIssue terminal, written from CardIssue.Core/PROTOCOL.md: a start for people on other platforms, and the document's proof.

    terminal.py init FOLDER NAME                     makes keys and FOLDER/terminal.json, to be enrolled at the center
    terminal.py issue FOLDER CENTER ORDER OPERATOR [--results CENTER] [--reader PORT]    issues one order, whose code comes on stdin
    terminal.py check VECTORS.json...                holds what is written here against the protocol's vectors

FOLDER also holds the center's center.json, and tls.pem (key and certificate) where the line has TLS. What the center tells of its next keys and
its next certificate is kept in FOLDER/told, and followed. CENTER is HOST:PORT, or tcp:HOST:PORT for a line without TLS; --results is the second
half of a split line. The reader is a vpcd port: a virtual card connects to it. In module mode it speaks SCP03 and SCP02, short commands in one
piece (no segments). Its keys lie in files without a passphrase: this is a sample.
Needs python3-cryptography and python3-cbor2.
"""
import argparse, hashlib, hmac, json, os, pathlib, socket, ssl, struct, sys, time
from operator import itemgetter
import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import cmac, hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
try: from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
except ImportError: from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES

HELLO, CHALLENGE, PROOF, ADMITTED, REFUSED, REQUEST, RESUME, DECLINED, INSERT, PRESENT = range(1, 11)
REJECTED, SCRIPT, COMMAND, CREDIT, RESULT, ISSUED, REMOVED, ABORT, READER_REFUSED = range(11, 20)
JOIN, JOINED, WITNESS, DISCONNECT = 22, 23, 26, 27
WHOLE, DATA, RESULTS = range(3)
WINDOW, VERSION = 12, 1
OPEN, AUTHENTICATE = 1, 2
COMPLETED, UNEXPECTED, CARD_LOST, GAP, MODULE_REFUSED = range(1, 6)
KEEP_ALIVE, SILENCE = 10, 45
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


# --- The center --------------------------------------------------------------------------------------------------------------------------

class NotTheCenter(Exception): pass


NOT_SAID = (InvalidSignature, cbor2.CBORError, ValueError, TypeError, LookupError)


class Center:
    """What the terminal knows its center by: center.json as it was brought, and what the center told since under its signing key."""

    def __init__(self, folder):
        self.file, identity = folder / "told", json.loads((folder / "center.json").read_text())
        self.name = identity["center"]
        # Each statement about keys is under the signing key of the set before; the last set may not have been proved yet. Certificates are
        # under any of them: the one in force, empty while it is that of center.json, and the one to follow, empty where there is none.
        self.statements, self.proved, self.certificate, self.following = [], 0, b"", b""
        self.sets = [(public(bytes.fromhex(identity["signingKey"])), public(bytes.fromhex(identity["agreementKey"])))]
        self.number, self.certificates = 0, [(0, bytes.fromhex(identity["tlsCertificateSha256"]))]
        if not self.file.exists(): return
        try:
            self.statements, self.proved, self.certificate, self.following = cbor2.loads(self.file.read_bytes())
            for statement in self.statements: self._add(self._opened("center keys", statement, self.sets[-1][0]))
            if self.proved not in (len(self.sets) - 1, len(self.sets) - 2): raise ValueError("sets of keys")
            if self.certificate: self.certificates = [self._certificate(self.certificate)]
            if self.following: self.certificates.append(self._certificate(self.following))
        except NOT_SAID as e:
            raise SystemExit(f"{self.file} is not what the center told; have it enrolled anew, or put the file back: {e!r}") from e

    def _opened(self, label, statement, signing):
        body, signature = cbor2.loads(statement)
        verify(signing, signature, labelled(label, body))
        fields = cbor2.loads(body)
        if fields[0] != 1 or fields[1] != self.name: raise ValueError(f"a statement about the {label} of another center")
        return fields

    def _add(self, keys):
        if keys[2] <= self.number: raise ValueError("the number of a set of keys")
        self.sets.append((public(keys[3]), public(keys[4])))
        self.number = keys[2]

    def _certificate(self, statement):
        for signing, _ in self.sets[:self.proved + 1]:
            try: return itemgetter(2, 3)(self._opened("center certificate", statement, signing))
            except InvalidSignature: pass
        raise InvalidSignature("center certificate")

    def attempts(self):
        """The sets to come with, one after the other: the one that is told before the one that is proved."""
        return range(len(self.sets) - 1, self.proved - 1, -1)

    def proved_by(self, number, certificate):
        """It has proved both keys of a set, on a line with this certificate (none without TLS): neither goes back."""
        before = (self.proved, self.certificate, self.following)
        self.proved = number
        if len(self.certificates) == 2 and certificate == self.certificates[1][1]:
            self.certificates, self.certificate, self.following = self.certificates[1:], self.following, b""
        if before != (self.proved, self.certificate, self.following): self._save()

    def told(self, witness):
        """Of what a witness message brings, what verifies and is later than all that is kept."""
        try:
            if 2 in witness and (certificate := self._certificate(witness[2]))[0] > self.certificates[-1][0]:
                self.certificates[1:], self.following = [certificate], witness[2]
                self._save()
            if 3 in witness and (keys := self._opened("center keys", witness[3], self.sets[self.proved][0]))[2] > self.number:
                # One that was never proved gives way.
                self.sets[self.proved + 1:], self.statements[self.proved:] = [], [witness[3]]
                self._add(keys)
                self._save()
        except NOT_SAID as e: print(f"what the center tells is not its own: {e!r}", file=sys.stderr)

    def _save(self): save(self.file, encode([self.statements, self.proved, self.certificate, self.following]))


def save(file, data):
    """All or nothing, and durable: it stands before anything goes by it."""
    new = file.with_suffix(".new")
    with new.open("wb") as written:
        written.write(data)
        written.flush()
        os.fsync(written.fileno())
    new.replace(file)


# --- The line ---------------------------------------------------------------------------------------------------------------------------

class LineLost(Exception): pass


class Line:
    """Frames on TCP, with TLS or with counter and MAC."""

    def __init__(self, place, folder, center):
        host, port = place.removeprefix("tcp:").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.own = self.peer = self.buffer = b""
        self.spoke = time.monotonic()
        # Without TLS: the keys of both directions; what comes in has counter and MAC behind Admitted.
        self.keys, self.authenticates, self.sent, self.received = None, False, 0, 0
        if not place.startswith("tcp:"): self._secure(folder, center)
        self.socket.settimeout(KEEP_ALIVE / 2)

    def _secure(self, folder, center):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version, context.check_hostname, context.verify_mode = ssl.TLSVersion.TLSv1_3, False, ssl.CERT_NONE
        context.load_cert_chain(folder / "tls.pem")
        self.socket = context.wrap_socket(self.socket)
        self.peer = sha256(self.socket.getpeercert(True))
        if all(self.peer != certificate for _, certificate in center.certificates): raise SystemExit("this is not the center")
        self.own = bytes.fromhex(json.loads((folder / "terminal.json").read_text())["tlsCertificateSha256"])
        if self._exactly(3) != bytes(3): raise LineLost("no greeting")

    def close(self): self.socket.close()

    def keep_alive(self):
        """To be called every few seconds; says that this end is there, where it has said nothing else."""
        if time.monotonic() - self.spoke > KEEP_ALIVE: self._write(b"")

    def _exactly(self, count, waiting=lambda: None):
        heard = time.monotonic()
        while len(self.buffer) < count:
            try:
                some = self.socket.recv(65536)
                if not some: raise LineLost("closed by the center")
                self.buffer, heard = self.buffer + some, time.monotonic()
            except TimeoutError:
                if time.monotonic() - heard > SILENCE: raise LineLost(f"nothing came for {SILENCE} s") from None
            except OSError as e: raise LineLost(e) from e
            waiting()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _write(self, frame):
        try: self.socket.sendall(len(frame).to_bytes(3, "big") + frame)
        except OSError as e: raise LineLost(e) from e
        self.spoke = time.monotonic()

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

    def receive(self, waiting=lambda: None):
        """The next message and its bytes."""
        length = 0
        while not length: length = int.from_bytes(self._exactly(3, waiting), "big")
        frame = self._exactly(length, waiting)
        if self.authenticates and self.keys:
            self.received += 1
            data = frame[8:-16]
            if not hmac.compare_digest(frame, self._counted(self.keys[1], self.received, data)): raise LineLost("tampered with")
            frame = data
        return cbor2.loads(frame), frame


# --- The card ---------------------------------------------------------------------------------------------------------------------------

class CardGone(Exception): pass


def has_le(command):
    """Of a short command."""
    return len(command) == 5 or len(command) > 5 + command[4]


class Reader:
    """A port that a virtual card connects to, and what T=0 leaves to the terminal."""

    identity = {1: "vpcd", 4: "python"}

    def __init__(self, port):
        self.server = socket.create_server(("127.0.0.1", port))
        self.server.settimeout(KEEP_ALIVE / 2)
        self.card, self.is_t0 = None, False

    def wait(self, waiting):
        """The answer to reset of the card that is in, or comes."""
        while self.card is None:
            try:
                self.card = self.server.accept()[0]
                self.card.settimeout(None)
                self.card.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except TimeoutError: waiting()
        self._say(b"\x01")
        atr = self._ask(b"\x04")
        # ISO 7816-3 8.2.3: the first protocol offered, T=0 where TD1 is not there.
        first = 2 + sum(atr[1] >> bit & 1 for bit in (4, 5, 6))
        self.is_t0 = not (atr[1] & 0x80 and atr[first] & 0x0F)
        return atr

    def reset(self): self._say(b"\x02")

    def power_off(self):
        if self.card is not None: self._say(b"\x00")

    def exchange(self, command):
        answer = self._with_right_le(command)
        if answer[-2] == 0x61: return self._collect(command[0], answer)
        secured = command[0] & (0x20 if command[0] & 0x40 else 0x0C)
        if self.is_t0 and len(answer) == 2 and answer[0] in (0x62, 0x63) and len(command) > 5 and (secured or has_le(command)):
            # A warning may come before what belongs to it.
            fetched = self._collect(command[0], b"\x61\x00")
            return fetched[:-2] + answer if len(fetched) == 2 or fetched[-2] == 0x90 else fetched
        return answer

    def _with_right_le(self, command):
        answer = self._ask(command)
        return self._ask(command[:-1] + answer[1:]) if len(answer) == 2 and answer[0] == 0x6C and has_le(command) else answer

    def _collect(self, cla, answer):
        channel = 0x40 | cla & 0x0F if cla & 0x40 else cla & 0x03
        for _ in range(257):
            answer = answer[:-2] + self._with_right_le(bytes([channel, 0xC0, 0, 0, answer[-1]]))
            if answer[-2] != 0x61: return answer
        raise CardGone

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
    """One card that is open: SCP03 (GPC Amendment D) or SCP02 (GPCS appendix E) with a ticket's keys. It wraps; the center judges."""

    def __init__(self, session, script):
        ticket = cbor2.loads(script[9])
        self.key = derive(session, "opening", *(ticket[i] for i in range(1, 6)))
        plain = AESGCM(self.key).decrypt(seal_nonce(1, script[5]), ticket[6], labelled("ticket", script[5]))
        self.protocol, self.i, self.level, flags, n, m = plain[:6]
        self.counts_empty = not flags & 1
        self.cryptogram, keys = plain[6:6 + m], plain[6 + m:]
        self.enc, self.mac = keys[:n], keys[n:2 * n]
        self.chaining, self.counter, self.mac_length = bytes(16 if self.protocol == 3 else 8), 0, m

    def unseal(self, script, head, sequence, payload):
        index = sequence - script[5]
        plain = AESGCM(self.key).decrypt(seal_nonce(2, sequence), payload, labelled("command", head, index))
        if script[1] != AUTHENTICATE or index: return self.wrap(plain)
        head = bytes([0x84, 0x82, self.level, 0])
        own = self._macced(head, self.cryptogram, b"") if self.protocol == 3 else head + self._with_mac02(head, self.cryptogram, False)
        if own != plain: raise ValueError("the center's EXTERNAL AUTHENTICATE is not that of the ticket's keys")
        return own

    def wrap(self, plain):
        data, le = (plain[5:5 + plain[4]], plain[5 + plain[4]:]) if len(plain) > 5 else (b"", plain[4:])
        if self.protocol == 2: return self._wrap02(plain[:4], data, le)
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

    def _wrap02(self, head, data, le):
        body = self._with_mac02(head, data, self.i & 0x02)
        if self.level & 2 and data:
            padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
            encrypted = des_cbc(self.enc, bytes(8), padded)
            body = bytes([len(encrypted) + 8]) + encrypted + body[-8:]
        return bytes([head[0] | 4]) + head[1:] + body + le

    def _with_mac02(self, head, data, unmodified):
        """Lc, the data, and their MAC: ISO 9797-1 algorithm 3 over the command on channel 0, before its data are encrypted."""
        length = bytes([len(data) + 8])
        covered = bytes([head[0] & 0xFC]) + head[1:] + bytes([len(data)]) if unmodified else bytes([head[0] & 0xFC | 4]) + head[1:] + length
        covered += data + b"\x80"
        covered += bytes(-len(covered) % 8)
        left = self.mac[:8]
        # The ICV is the MAC before, encrypted where bit 5 of i says so; the session's first is zeros as they are.
        icv = des_cbc(left, bytes(8), self.chaining) if self.i & 0x10 and any(self.chaining) else self.chaining
        if len(covered) > 8: icv = des_cbc(left, icv, covered[:-8])[-8:]
        self.chaining = des_cbc(self.mac, icv, covered[-8:])
        return length + data + self.chaining


def des_cbc(key, icv, data): return Cipher(TripleDES(key), modes.CBC(icv)).encryptor().update(data)


# --- The terminal -----------------------------------------------------------------------------------------------------------------------

class Refused(Exception): pass


class Terminal:
    def __init__(self, folder, places, reader):
        self.folder, self.places, self.reader = folder, places, reader
        self.me, self.center = json.loads((folder / "terminal.json").read_text()), Center(folder)
        load = lambda name: serialization.load_pem_private_key((folder / name).read_bytes(), None)
        self.credential, self.agreement = load("credential.pem"), load("agreement.pem")
        self.token, self.lines = None, []

    def admit(self):
        """By the center's next keys where they were told; where they do not count yet, or not any more, by those of before."""
        attempts = self.center.attempts()
        for number in attempts:
            try: return self.admit_with(number)
            except (Refused, NotTheCenter, LineLost, OSError) as e:
                if number == attempts[-1]: raise
                print(f"not by the center's next keys: {e}", file=sys.stderr)
                for line in self.lines: line.close()

    def admit_with(self, number):
        """A whole line; or both halves of a split one, each by itself, which are joined by the token that came on the first."""
        self.lines = []
        self.signing, self.center_agreement = self.center.sets[number]
        self.transport = derive(agree(self.agreement, self.center_agreement), "transport", self.me["terminal"], int(self.me["keyVersion"]),
                                point(self.agreement.public_key()), point(self.center_agreement))
        self.session, self.admission, admitted = self.admit_on(self.places[0], DATA if self.places[1:] else WHOLE)
        if self.places[1:]:
            self.admit_on(self.places[1], RESULTS)
            self.say({0: JOIN, 1: admitted[4]})
            self.expect(self.lines[0], JOINED)
        self.center.proved_by(number, self.lines[0].peer)
        self.readers = cbor2.loads(cbor2.loads(admitted[3])[0])[4]
        self.requests = self.insertions = self.next = 0
        self.opening = self.script = None

    def admit_on(self, place, half):
        """S210, S220: both ends prove both of their keys."""
        line = Line(place, self.folder, self.center)
        self.lines.append(line)
        hello = {0: HELLO, 1: VERSION, 2: VERSION, 3: self.me["terminal"], 4: os.urandom(32), 5: WINDOW}
        if half: hello[6] = half
        if self.center.certificates[-1][0]: hello[7] = self.center.certificates[-1][0]
        line.send(hello)
        challenge, challenge_bytes = self.expect(line, CHALLENGE)
        note = self.folder / "note"
        note = note.read_bytes() if note.exists() else b""
        signed = proof_input(encode(hello), challenge_bytes, note, self.center.name, line.own, line.peer)
        admission = sha256(signed)
        session = derive(self.transport, "session", admission)
        proof = {0: PROOF, 1: sign(self.credential, signed), 2: derive(session, "terminal confirms")}
        if note: proof[3] = note
        line.send(proof)
        if not line.peer: line.keys = derive(session, "line to center"), derive(session, "line to terminal")
        admitted, _ = self.expect(line, ADMITTED)
        answer = admitted_input(admission, encode(proof), admitted)
        confirmed = derive(session, "center confirms", sha256(answer))
        body, signature = cbor2.loads(admitted[3])
        try:
            verify(self.signing, admitted[1], answer)
            verify(self.signing, signature, labelled("reader list", body))
        except InvalidSignature: raise NotTheCenter("this is not the center") from None
        if not hmac.compare_digest(admitted[2], confirmed): raise NotTheCenter("this is not the center")
        line.authenticates = True
        return session, admission, admitted

    def say(self, message):
        """On the line, or the half for results."""
        self.lines[-1].send(message)

    def keep_alive(self):
        for line in self.lines: line.keep_alive()

    def expect(self, line, kind):
        message, data = line.receive(self.keep_alive)
        if message[0] == REFUSED: raise Refused(f"access refused, code {message[1]}")
        if message[0] != kind: raise LineLost(f"message {message[0]} where {kind} belongs")
        return message, data

    def issue(self, reference, operator, code):
        while True:
            try:
                self.admit()
                self.requests += 1
                if self.token: self.say({0: RESUME, 1: self.requests, 2: self.token})
                else:
                    sealed = seal_code(ec.generate_private_key(P256), self.center_agreement, self.admission, self.requests, reference, code)
                    self.say({0: REQUEST, 1: self.requests, 2: reference, 3: sealed, 4: operator})
                while (ended := self.hear(*self.lines[0].receive(self.keep_alive))) is None: pass
                return ended
            except (Refused, NotTheCenter) as e: raise SystemExit(str(e)) from e
            except (LineLost, OSError) as e:
                print(f"line lost: {e}", file=sys.stderr)
                for line in self.lines: line.close()
                if self.reader.card is not None: self.reader.power_off()
                time.sleep(0.5)

    def hear(self, message, data):
        """One message of the center; how the order ended, when it has."""
        kind = message[0]
        if kind == WITNESS:
            save(self.folder / "note", message[1])
            self.center.told(message)
        elif kind == INSERT: self.insert(message)
        elif kind == SCRIPT: self.begin(message, data)
        elif kind == COMMAND: self.command(message)
        elif kind == ISSUED:
            self.say({0: REMOVED})
            return 0, message[1]
        elif kind == DECLINED: return 3, f"declined, code {message[2]}"
        elif kind == REJECTED: return 4, f"card refused, code {message[2]}"
        elif kind == DISCONNECT: print(f"the center closes the line, code {message[1]}: {message[2]}; came {message[3]}", file=sys.stderr)
        elif kind == ABORT: return 5, f"stopped, code {message[1]}"
        return None

    def insert(self, message):
        """S240, S250."""
        self.token = message[2]
        told = lambda entry: {key: entry[key] for key in (1, 2, 3, 4, 5) if key in entry}
        if not any(8 not in entry and told(entry).items() <= self.reader.identity.items() for entry in self.readers):
            self.say({0: READER_REFUSED, 1: "vpcd reader python"})
            raise SystemExit("the reader is not known")
        print("insert a card:", message[4], flush=True)
        self.insertions += 1
        self.say({0: PRESENT, 1: self.insertions, 2: self.reader.wait(self.keep_alive)})

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
            self.say({0: CREDIT, 1: first + granted})

    def report(self, stop):
        self.say({0: RESULT, 1: self.script[5], 2: stop, 3: self.answers})
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
    issuing.add_argument("--results")
    issuing.add_argument("--reader", type=int, default=35963)
    checking = commands.add_parser("check")
    checking.add_argument("vectors", type=pathlib.Path, nargs="+")
    asked = parser.parse_args()
    if asked.command == "init": return init(asked.folder, asked.name)
    if asked.command == "check":
        import check
        return check.check(asked.vectors)
    code = sys.stdin.readline().strip().encode()
    terminal = Terminal(asked.folder, [place for place in (asked.center, asked.results) if place], Reader(asked.reader))
    status, text = terminal.issue(asked.order, asked.operator, code)
    print(text)
    return status


if __name__ == "__main__": sys.exit(main())
