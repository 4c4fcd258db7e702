"""Holds terminal.py against the protocol's vectors: messages, signatures, keys and seals of a session, and what T=0 leaves over."""
import hashlib, hmac, json, pathlib, tempfile
import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from terminal import (ADMITTED, CHALLENGE, COMMAND, HELLO, P256, PROOF, REQUEST, SCRIPT, WITNESS, Center, Opening, Reader, admitted_input, agree,
                      derive, encode, labelled, point, proof_input, public, seal_code, sha256, verify)


def check(paths):
    for path in paths:
        vectors = json.loads(path.read_text())
        given = vectors.get("given")
        count = (exchanges(vectors["steps"]) if given is None else enrolment(given, vectors["steps"]) if "code" in given
                 else Session(given).run(vectors["steps"]))
        print(f"{path.name}: {count} steps are right")
    return 0


def exchanges(steps):
    for step in steps:
        said = iter(step["card"])
        reader = Reader.__new__(Reader)
        reader.is_t0 = step["protocol"] == "T=0"
        def ask(command):
            gets, says = next(said)
            assert command.hex().upper() == gets, f"{step['what']}: {command.hex()} where {gets} belongs"
            return bytes.fromhex(says)
        reader._ask = ask
        assert reader.exchange(bytes.fromhex(step["command"])).hex().upper() == step["reported"] and next(said, None) is None, step["what"]
    return len(steps)


def enrolment(given, steps):
    """A terminal enrols by its code, and renews its keys: both ask with EnrollTerminal, 28, and are answered with TerminalEnrolled, 29."""
    key = lambda name: ec.derive_private_key(int(given[name], 16), P256)
    made = [step for step in steps if "makes" in step]
    (asks, answers, renews, renewed) = [cbor2.loads(bytes.fromhex(step["cbor"])) for step in steps if "cbor" in step]
    identity = json.loads(given["centerJson"])
    terminal, code = given["code"].split(":")
    number = 0
    for letter in code.replace("-", ""): number = number << 5 | "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    secret = derive(number.to_bytes(15, "big")[:12], "enrolment", terminal)
    own = bytes.fromhex(given["tlsCertificateSha256"])
    asked(secret, asks, answers, terminal, (key("credentialPrivateKey"), key("agreementPrivateKey"), own), own, identity)
    assert made[0]["value"] == secret.hex().upper() and asks[5] == 1
    present, agreement = key("credentialPrivateKey"), key("agreementPrivateKey")
    transport = derive(agree(agreement, public(bytes.fromhex(identity["agreementKey"]))), "transport", terminal, asks[5],
                       point(agreement.public_key()), bytes.fromhex(identity["agreementKey"]))
    following = (key("nextCredentialPrivateKey"), key("nextAgreementPrivateKey"), bytes.fromhex(given["nextTlsCertificateSha256"]))
    fields = asked(derive(transport, "renewal"), renews, renewed, terminal, following, own, identity)
    assert renews[5] == 2
    verify(present.public_key(), renews[8], labelled("renews", *fields))
    return len(steps)


def asked(secret, asks, answers, terminal, keys, own, identity):
    assert asks[0] == 28 and answers[0] == 29
    center = bytes.fromhex(identity["tlsCertificateSha256"])
    (credential, agreement, certificate) = keys
    fields = (terminal, asks[2], point(credential.public_key()), point(agreement.public_key()), asks[5], certificate, own, center)
    assert (asks[1], asks[3], asks[4], asks[6]) == (terminal, fields[2], fields[3], certificate)
    assert asks[7] == derive(secret, "terminal enrols", *fields)
    told = (identity["center"], bytes.fromhex(identity["signingKey"]), bytes.fromhex(identity["agreementKey"]), center)
    assert tuple(answers[n] for n in (1, 2, 3, 4)) == told
    assert answers[5] == derive(secret, "center enrols", sha256(labelled("terminal enrols", *fields)), *told)
    return fields


class Session:
    def __init__(self, given):
        self.given = given
        key = lambda name: ec.derive_private_key(int(given[name], 16), P256)
        self.credential, self.module = key("terminalCredentialPrivateKey"), key("terminalAgreementPrivateKey")
        self.signing, self.center = key("centerSigningPrivateKey").public_key(), key("centerAgreementPrivateKey")
        self.values, self.counters, self.opening = {}, {"terminal": 0, "center": 0}, None
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        (folder / "center.json").write_text(json.dumps({
            "center": given["center"], "signingKey": point(self.signing).hex(), "agreementKey": point(self.center.public_key()).hex(),
            "tlsCertificateSha256": given["centerTlsCertificateSha256"]}))
        self.known = Center(folder)
        self.agreed()

    def agreed(self):
        self.transport = derive(agree(self.module, self.center.public_key()), "transport", self.given["terminal"],
                                int(self.given["terminalKeyVersion"]), point(self.module.public_key()), point(self.center.public_key()))

    def run(self, steps):
        self.ahead = [(bytes.fromhex(s["value"]), bytes.fromhex(s["to the card"])) for s in steps if s.get("makes") == "sealed command"]
        for step in steps:
            if "makes" in step: self.values[step["makes"]] = bytes.fromhex(step["value"])
            else: self.message(step)
        assert self.values["transport key"] == self.transport
        return len(steps)

    def message(self, step):
        data, line = bytes.fromhex(step["cbor"]), bytes.fromhex(step["line"])
        message = cbor2.loads(data)
        assert encode(message) == data and int.from_bytes(line[:3], "big") == len(line) - 3
        if line[3:] != data: self.counted(step["from"], line[3:], data)
        kind = message[0]
        if kind == HELLO: self.greeted(data)
        elif kind == CHALLENGE: self.challenge = data
        elif kind == PROOF: self.proved(message, data)
        elif kind == ADMITTED: self.admitted(message, step.get("half"))
        elif kind == WITNESS:
            self.document("witness note", message[1])
            certificates, keys = len(self.known.certificates), self.known.number
            self.known.told(message)
            self.known = Center(pathlib.Path(self.folder.name))
            assert (len(self.known.certificates) > certificates, self.known.number > keys) == (2 in message, 3 in message)
        elif kind == REQUEST: self.asked(message)
        elif kind == SCRIPT: self.script(message, data)
        elif kind == COMMAND and self.head.get(8): self.sealed(message)

    def counted(self, sender, frame, data):
        self.counters[sender] += 1
        counted = self.counters[sender].to_bytes(8, "big") + data
        key = derive(self.session, "line to center" if sender == "terminal" else "line to terminal")
        assert frame == counted + hmac.new(key, counted, hashlib.sha256).digest()[:16]

    def proved(self, message, data):
        tls = (bytes.fromhex(self.given[f"{end}TlsCertificateSha256"]) for end in ("terminal", "center"))
        signed = proof_input(self.hello, self.challenge, message.get(3, b""), self.given["center"], *tls)
        verify(self.credential.public_key(), message[1], signed)
        self.proof, self.admission = data, sha256(signed)
        assert self.admission == self.values["admission hash"]
        self.now = derive(self.transport, "session", self.admission)
        assert self.now == self.values["session key"] and message[2] == derive(self.now, "terminal confirms")
        if 3 in message: self.document("witness note", message[3])

    def admitted(self, message, half):
        signed = admitted_input(self.admission, self.proof, message)
        verify(self.signing, message[1], signed)
        assert message[2] == derive(self.now, "center confirms", sha256(signed))
        self.document("reader list", message[3])
        self.known.proved_by(self.number, bytes.fromhex(self.given["centerTlsCertificateSha256"]))
        if half != "results": self.session, self.bound = self.now, self.admission

    def document(self, label, document):
        """Of the center's signing key; what was kept of before, of one that it had."""
        body, signature = cbor2.loads(document)
        for signing, _ in self.known.sets:
            try: verify(signing, signature, labelled(label, body))
            except InvalidSignature: pass
            else: return cbor2.loads(body)
        raise InvalidSignature(label)

    def greeted(self, data):
        """The first message of an admission: by the center's next keys, where they were told."""
        self.hello, self.number = data, self.known.attempts()[0]
        if self.number == self.known.proved: return
        self.signing, agreement = self.known.sets[self.number]
        self.center = ec.derive_private_key(int(self.given["centerNextAgreementPrivateKey"], 16), P256)
        assert point(self.center.public_key()) == point(agreement)
        self.agreed()

    def asked(self, message):
        ephemeral = ec.derive_private_key(int(self.given["issueCodeEphemeralPrivateKey"], 16), P256)
        code = self.given["issueCode"].encode()
        assert message[3] == seal_code(ephemeral, self.center.public_key(), self.bound, message[1], message[2], code)

    def script(self, message, data):
        self.head, self.head_bytes = message, data
        if 9 in message: self.opening = Opening(self.session, message)

    def sealed(self, message):
        payload, to_card = self.ahead.pop(0)
        assert message[2] == payload and self.opening.unseal(self.head, self.head_bytes, message[1], payload) == to_card
