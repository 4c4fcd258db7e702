using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Scp03;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Cards.SecureChannel;
using CardIssue.Test.Cards.Vectors;
using CardIssue.Test.Transport;
using CardIssue.Transport.Loopback;

namespace CardIssue.Test.Keys;

/// <summary>
/// Every label and layout that center and terminal share, with fixed inputs and what comes of them: a change that both ends make alike is
/// a change of the protocol, and
/// shows here. The bytes were computed outside of this code, in Python with <c>hashlib</c>, <c>hmac</c> and <c>cryptography</c> (ECDH,
/// HKDF, AESGCM, ECDSA), from what the
/// summaries of the types say. There, text and bytes are led by their length in two bytes, numbers have four bytes (a fencing number
/// eight), big-endian, and a label is
/// followed by a zero byte.
/// </summary>
public class SharedLayoutTest
{
    private static readonly TerminalId Terminal = new("T-1");
    private static readonly AdmissionNonces Nonces = new(Counting(0xA0), Counting(0xC0));
    private static readonly OpeningContext Context =
        new(new OrderId("A-17"), new CardId(ByteString.FromHex("000102030405060708090A")), 7, 2, ByteString.FromHex("1122334455667788"));

    private P256PrivateKey _center = null!, _module = null!, _signing = null!;

    /// <summary>The private numbers are 01, 02 … 20; 21 … 40; 41 … 60.</summary>
    [SetUp]
    public void MakeKeys() => (_center, _module, _signing) = (Private(0x01), Private(0x21), Private(0x41));

    [TearDown]
    public void DropKeys()
    {
        foreach (var key in new[] { _center, _module, _signing }) key.Dispose();
    }

    /// <summary>
    /// HKDF(ECDH, no salt, "CardIssue terminal transport v1", 00, terminal, key version 3, the module's point, the center's point).
    /// </summary>
    [Test]
    public void TransportKey()
    {
        using var atCenter = TransportAtCenter();
        Assert.That(Hex(atCenter.Key), Is.EqualTo("8A5CAD2DF82A1B8E5C14FAEFAF40F1309FDE225DE862F6158CD7B54A12CCC9FF"));
        var center = new CenterIdentity(new CenterId("C-1"), _signing.PublicKey, _center.PublicKey, default);
        using var atTerminal = TerminalTransportKey.AtTerminal(_module, Terminal, 3, center);
        Assert.That(Hex(atTerminal.Key), Is.EqualTo(Hex(atCenter.Key)));
    }

    private const string SessionKeys =
        "011110007D5F5826A993EBC8C4E87149F2114DA66BB015A567D751F98B2635556E987A6B84F43D9FFC197D3F3F6B2CE3B3ABD9A99BD4453A" +
        "FA54CC7B";

    /// <summary>
    /// The opening's key is HKDF(transport key, salt both nonces, "CardIssue opening" without a zero byte, fencing number, opening,
    /// cryptogram). With it AES-256-GCM under the nonce 01,
    /// sequence, zeros, over the exported session keys; bound: "CardIssue ticket v1", 00, order, card, fencing number, opening,
    /// cryptogram, sequence. Around it CBOR, as
    /// <c>messages.cddl</c> says. The session keys are those of the first recorded session; of the other ticket the flag that empty
    /// commands are not counted is set.
    /// </summary>
    private const string SealedTicket =
        "A700010164412D3137024B000102030405060708090A030704020548112233445566778806584C92BB63E5E1FDB2F1786ABB6EE4277C4248" +
        "80CDBD5F7E685347E9322C5338DDE7FE903D57A62C837D98FB6941869059904C83EA587785287A11D813874FAC3D511C31956EE6B3A249EB" +
        "254874";

    private const string SealedTicketUncounted =
        "A700010164412D3137024B000102030405060708090A030704020548112233445566778806584C92BB63E4E1FDB2F1786ABB6EE4277C4248" +
        "80CDBD5F7E685347E9322C5338DDE7FE903D57A62C837D98FB6941869059904C83EA587785287A11D81387880D742819E94148BC5E6F30C2" +
        "6B87BC";

    [TestCase(true, SealedTicket)]
    [TestCase(false, SealedTicketUncounted)]
    public void Ticket_IsSealedAndOpened(bool countsEmptyCommands, string golden)
    {
        using var key = OpeningKeyOf();
        using (var session = Session(countsEmptyCommands))
            Assert.That(Ticket.Seal(key, Context, 10, session).ToString(), Is.EqualTo(golden));

        Assert.That(Ticket.TryRead(ByteString.FromHex(golden).Memory, out var ticket), Is.True);
        Assert.That(ticket!.Context, Is.EqualTo(Context));
        Assert.That(ticket.TryOpen(key, 11, out _), Is.False, "another script's");
        Assert.That(ticket.TryOpen(key, 10, out var keys), Is.True);
        using (keys)
        {
            var exported = new byte[keys!.ExportedLength];
            keys.Export(exported);
            exported[3] = 0;
            Assert.That(Convert.ToHexString(exported), Is.EqualTo(SessionKeys));
            Assert.That(keys.CountsEmptyCommands, Is.EqualTo(countsEmptyCommands));
        }
    }

    /// <summary>
    /// The opening's key, nonce 02, sequence 13, zeros; bound: "CardIssue command v1", 00, order, card, opening, attempt 2, record 3,
    /// kind, index 1, count 5, last, sequence.
    /// </summary>
    [TestCase(true, "CBB28E165DC1D90C4F94D3AFCD2FD30CEB7F6B08784B1CCDFA")]
    [TestCase(false, "CBB28E165DC1D90C4F645D5A1D9AABC30C29622F2A7A8C4A8C")]
    public void Command_IsSealedAndOpened(bool last, string golden)
    {
        using var key = OpeningKeyOf();
        var context = new CommandContext(Context.Order, Context.Card, 2, 2, 3, ScriptKind.Record, 1, 5, last, 13);
        var plain = ByteString.FromHex("80E2880003AABBCC00");
        var payload = new byte[plain.Length + SealedCommand.Overhead];
        SealedCommand.Seal(key, context, plain.Span, payload);
        Assert.That(Convert.ToHexString(payload), Is.EqualTo(golden));
        Assert.That(SealedCommand.TryOpen(key, context, ByteString.FromHex(golden).Span, payload, out var length), Is.True);
        Assert.That(ByteString.Copy(payload.AsSpan(0, length)), Is.EqualTo(plain));
    }

    /// <summary>
    /// The ephemeral private number is 61 … 80; key HKDF(ECDH, no salt, "CardIssue issue code key v1", 00, ephemeral point, the center's
    /// point); AES-256-GCM, nonce zeros, over
    /// length byte, code and zeros, 64 bytes; bound: "CardIssue issue code v1", 00, terminal, both nonces, request 9. Envelope: ephemeral
    /// point, ciphertext, tag.
    /// </summary>
    private const string Envelope4711 =
        "04BD5714B9C20400411F1E51DBFF63647F05D1D70B55FC200C6CAD10C2F4614DC1E5048562F731F54573C04224D973A916A59F526A826807" +
        "6FC1CFA92A5F143F191423CDCBE8396E482E50096076228E7DA08AE918E027731983BF04EEFF5BF70CDE6AC008FDA56258BB3E7B7EC41F84" +
        "A4488A49EDE3B7A5722A376E0DAD3C1045B7778797A03B59A9B4A99B64E060F35F";

    private const string Envelope63 =
        "04BD5714B9C20400411F1E51DBFF63647F05D1D70B55FC200C6CAD10C2F4614DC1E5048562F731F54573C04224D973A916A59F526A826807" +
        "6FC1CFA92A5F143F192F20CDCDEE0E597F19673E574115B94A97BDDE2FD710442EB48833D9C86CC03BE95DF73FCA92556F8C094C49F328B3" +
        "937FBD7EDAD48092451D00593A9A0B27727BE47AED1099594EC670CB52F12AB18A";

    /// <summary>As those, with a length byte that no code has.</summary>
    private const string EnvelopeOfNone =
        "04BD5714B9C20400411F1E51DBFF63647F05D1D70B55FC200C6CAD10C2F4614DC1E5048562F731F54573C04224D973A916A59F526A826807" +
        "6FC1CFA92A5F143F191017FAFAD9396E482E50096076228E7DA08AE918E027731983BF04EEFF5BF70CDE6AC008FDA56258BB3E7B7EC41F84" +
        "A4488A49EDE3B7A5722A376E0DAD3C1045B16D1656F7786765721012F7DFFEC40B";

    private const string EnvelopeOf64 =
        "04BD5714B9C20400411F1E51DBFF63647F05D1D70B55FC200C6CAD10C2F4614DC1E5048562F731F54573C04224D973A916A59F526A826807" +
        "6FC1CFA92A5F143F195020CDCDEE0E597F19673E574115B94A97BDDE2FD710442EB48833D9C86CC03BE95DF73FCA92556F8C094C49F328B3" +
        "937FBD7EDAD48092451D00593A9A0B2772BCE32B2E1E74E2CECE0CBA5E37E027AF";

    private static readonly IssueCodeContext Request = new(Terminal, Nonces, 9);

    [TestCase(Envelope4711, "4711")]
    [TestCase(Envelope63, "777777777777777777777777777777777777777777777777777777777777777")]
    public void IssueCode_IsOpened(string envelope, string code)
    {
        Assert.That(IssueCodeEnvelope.TryOpen(_center, Request, ByteString.FromHex(envelope).Span, out var opened), Is.True);
        using (opened) Assert.That(System.Text.Encoding.ASCII.GetString(opened!.Span), Is.EqualTo(code));
    }

    /// <summary>The seal is right: whoever made it knew the center's key and this request. The code is none all the same.</summary>
    [TestCase(EnvelopeOfNone)]
    [TestCase(EnvelopeOf64)]
    [TestCase(Envelope4711 + "00")]
    public void IssueCode_OfNoLengthThatCodesHave_IsNotOpened(string envelope)
    {
        Assert.That(IssueCodeEnvelope.TryOpen(_center, Request, ByteString.FromHex(envelope).Span, out var opened), Is.False);
        Assert.That(opened, Is.Null);
    }

    private static AdmissionTranscript Transcript(LineHalf half = LineHalf.Whole) => new()
    {
        MinVersion = 1, MaxVersion = 3, Version = 2, Terminal = Terminal, Center = new CenterId("C-1"),
        Window = 8, Line = new LineNumber(7), Half = half,
        TerminalNonce = Nonces.Terminal, CenterNonce = Nonces.Center,
        TerminalCertificate = ByteString.Own(System.Security.Cryptography.SHA256.HashData("terminal certificate"u8)),
        CenterCertificate = ByteString.Own(System.Security.Cryptography.SHA256.HashData("center certificate"u8)),
    };

    /// <summary>
    /// SHA-256 of "CardIssue admission v1", 00, "terminal" or "center", versions 1, 3, 2, terminal, center, window 8, line 7, both
    /// nonces, both certificates' hashes; and of a half of a
    /// split line 1 for data, 2 for results.
    /// </summary>
    [TestCase(AdmissionRole.Terminal, LineHalf.Whole, "A4291E90DBCF48EEF4354A52DB374441A2BF29FDA27A06178AF6EAB0D0C70FEF")]
    [TestCase(AdmissionRole.Center, LineHalf.Whole, "47AF037535BDEC90B9CDFC7AE8621B66794628EA53A324E2473B59916324E946")]
    [TestCase(AdmissionRole.Terminal, LineHalf.Data, "AA6D528D2854BA13FB45D90A4676C6511EF88072B797EB262067C4E3807F00B6")]
    [TestCase(AdmissionRole.Terminal, LineHalf.Results, "7935A94AA6CC811FAF3D33A7A9B718430D487288ADE4E9DDBFAC6061EECB16CB")]
    public void Transcript_IsHashed(AdmissionRole role, LineHalf half, string golden) =>
        Assert.That(Transcript(half).Hash(role).ToString(), Is.EqualTo(golden));

    /// <summary>
    /// HKDF(transport key, salt both nonces, "CardIssue line v1", 00, "to center" or "to terminal", the hash of the transcript in the
    /// terminal's role).
    /// </summary>
    [Test]
    public void LineKeys_AreDerived()
    {
        using var transport = TransportAtCenter();
        using var keys = LineKeys.Derive(transport, Transcript());
        Assert.That(Hex(keys.ToCenter), Is.EqualTo("F9EF92B0DE4186381FC7499E164938DE9F7DF2EEF85A66DEA9CA01650D7A0EDC"));
        Assert.That(Hex(keys.ToTerminal), Is.EqualTo("144761A97DBA1A21017908A5E516039F3D1DF5535FCEE861877B3FB943F9C1B2"));
    }

    /// <summary>CBOR as <c>messages.cddl</c> says; ECDSA with the key 41 … 60 over "CardIssue reader list v1", 00, body.</summary>
    private const string SignedList =
        "825895A500010163542D310205031A695735A50482A7016470637363026747656D616C746F03645477696E0464533132330563312E320682" +
        "677573622D312D2A677573622D322D31085841041F140146BFB1B251F84F4DDBE0D4CDCFD77AFD984A9520E35794021F8312BB9EEC995A08" +
        "B1FA7704DF3DCC0B50A9665263FB7711F95F9F8A449C5096E47C892BA201677669727475616C07F55840759065CFCFCED3855B9AB135D88C" +
        "1E795CA1E85805E9C72F168C535C45B065EDCFF020CE2E8549D6B8ADE9171F8CD0028B704E5BBD7D35FB04B010A20B5326BE";

    [Test]
    public void ReaderList_IsVerified_AndWrittenTheSame()
    {
        var whole = new ReaderEntry("pcsc", "Gemalto", "Twin", "S123", "1.2", ["usb-1-*", "usb-2-1"], Key: _module.PublicKey);
        var issued = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var list = new ReaderList(Terminal, 5, issued, [whole, new ReaderEntry("virtual", LetInWithoutIdentity: true)]);
        var golden = ByteString.FromHex(SignedList);
        Assert.That(SignedReaderList.TryVerify(golden.Memory, _signing.PublicKey, Terminal, out var verified), Is.True);
        Assert.That(verified!.List, Is.EqualTo(list));
        // ECDSA signs anew each time; all before the signature is the same.
        var body = golden.Length - P256PublicKey.SignatureLength;
        Assert.That(SignedReaderList.Sign(list, _signing).Slice(0, body), Is.EqualTo(golden.Slice(0, body)));
    }

    /// <summary>CBOR as <c>messages.cddl</c> says; ECDSA with the key 41 … 60 over "CardIssue witness note v1", 00, body.</summary>
    private const string SignedNote =
        "82584FA700010163432D310250A0A1A2A3A4A5A6A7A8A9AAABACADAEAF0319012C0466686F73742D31051A00011170065820C0C1C2C3C4C5" +
        "C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF584029FB5F6F969F17777845D99774BD8D452F4033624F6C46A0A9A1715B" +
        "D3665CE14761345E3125AAD409F5A4D36300F6D17F8CAE1062906F1F1E3D6499741FDE81";

    [Test]
    public void WitnessNote_IsVerified_AndWrittenTheSame()
    {
        var note = new WitnessNote(new CenterId("C-1"), Counting(0xA0).Slice(0, 16), 300, "host-1", 70_000, Counting(0xC0));
        var golden = ByteString.FromHex(SignedNote);
        var center = new CenterIdentity(note.Center, _signing.PublicKey, _center.PublicKey, default);
        Assert.That(SignedWitnessNote.TryVerify(golden, center, out var verified), Is.True);
        Assert.That(verified!.Note, Is.EqualTo(note));
        var body = golden.Length - P256PublicKey.SignatureLength;
        Assert.That(SignedWitnessNote.Sign(note, _signing).Slice(0, body), Is.EqualTo(golden.Slice(0, body)));
    }

    /// <summary>
    /// SHA-256 of "CardIssue reader challenge v1", 00, terminal, nonce, and of each field 00 when it was not told, else 01 and its
    /// SHA-256.
    /// </summary>
    [Test]
    public void ReaderChallenge_IsHashed() => Assert.That(
        new ReaderChallenge(Terminal, Nonces.Terminal, new ReaderIdentity("pcsc", "name", "Gemalto", null, "S123", "", "usb-1-4")).Hash.ToString(),
        Is.EqualTo("5AE40A29DDEAA9002E8C57D629351C1A0D3A54639A573625DD21B8C62C967D70"));

    /// <summary>Counter (8 bytes), message, and the first 16 bytes of HMAC-SHA-256 over both, under the key of the direction.</summary>
    [Test]
    public async Task FramesOfALineWithoutTls()
    {
        var anyone = new LinePeer(new LineNumber(1), null, default, default);
        var (end, other) = LoopbackLine.CreatePair(anyone, anyone);
        await using var terminal = AuthenticatedLine.AtTerminal(end);
        using var transport = TransportAtCenter();
        terminal.Protect(LineKeys.Derive(transport, Transcript()));
        var signature = ByteString.Own(new byte[FieldLimits.SignatureLength]);
        await terminal.SendAsync(MessageCodec.Encode(new Proof(signature)), default);
        await TakeAsync(other);
        await other.SendAsync(MessageCodec.Encode(new Admitted(signature, default)), default);
        await TakeAsync(terminal);
        foreach (var golden in new[] { "0000000000000001A100148264BA479CBB899018DC8D42420EBA3E", "0000000000000002A10014F75E02E7BD9AD0588544F740FE5C0FF2" })
        {
            await terminal.SendAsync(MessageCodec.Encode(new StatusRequest()), default);
            Assert.That(Convert.ToHexString(await TakeAsync(other)), Is.EqualTo(golden));
        }
        await other.DisposeAsync();
    }

    private static async Task<byte[]> TakeAsync(ILine line)
    {
        using var frame = await line.ReceiveAsync(Lines.Soon());
        return frame!.Span.ToArray();
    }

    private static P256PrivateKey Private(byte first) => P256PrivateKey.FromNumber(Counting(first).Span);

    private static ByteString Counting(byte first) => ByteString.Own([.. Enumerable.Range(first, 32).Select(i => (byte)i)]);

    private static string Hex(SecretBytes secret) => Convert.ToHexString(secret.Span);

    private TerminalTransportKey TransportAtCenter() =>
        TerminalTransportKey.AtCenter(_center, new TerminalIdentity(Terminal, _signing.PublicKey, _module.PublicKey, 3, default));

    private OpeningKey OpeningKeyOf()
    {
        using var transport = TransportAtCenter();
        return OpeningKey.Derive(transport, Nonces, Context);
    }

    private static Scp03Session Session(bool countsEmptyCommands)
    {
        var recorded = Vector.Load("scp03_sessions.json").First();
        using var keys = Scp03SessionTest.Keys(recorded);
        var update = CommandApdu.Parse(recorded.Hex("initializeUpdate").Span);
        var answer = new ResponseApdu(recorded.Hex("initializeUpdateResponse"), 0x9000);
        var quirks = new CardQuirks(CountsEmptyCommands: countsEmptyCommands);
        var opened = Scp03Opening.TryOpen(keys, update.P1, update.Data.Span, answer, SecurityLevel.CMacRMac, quirks);
        return ((Scp03OpenResult.Opened)opened).Session;
    }
}
