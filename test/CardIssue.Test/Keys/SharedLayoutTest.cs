using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Cards.SecureChannel;
using CardIssue.Test.Cards.Vectors;
using CardIssue.Test.Transport;
using CardIssue.Testing.Lines;

namespace CardIssue.Test.Keys;

/// <summary>
/// Every label and layout that center and terminal share, with fixed inputs and what comes of them: a change that both ends make alike is
/// a change of the protocol, and shows here. The bytes were computed outside of this code, in Python with <c>cbor2</c>, <c>hashlib</c>,
/// <c>hmac</c> and <c>cryptography</c> (ECDH, HKDF, AESGCM, ECDSA), from the table of labels in PROTOCOL.md.
/// </summary>
public class SharedLayoutTest
{
    private static readonly TerminalId Terminal = new("T-1");
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

    [Test]
    public void TransportKey()
    {
        using var atCenter = TransportAtCenter();
        Assert.That(Hex(atCenter.Key), Is.EqualTo("1644F6054AF222BF3753720C66E7151DA60A54788590F2DA99DBE656561AD220"));
        var center = new CenterIdentity(new CenterId("C-1"), _signing.PublicKey, _center.PublicKey, default);
        using var atTerminal = TerminalTransportKey.AtTerminal(_module, Terminal, 3, center);
        Assert.That(Hex(atTerminal.Key), Is.EqualTo(Hex(atCenter.Key)));
    }

    private const string SessionKeys =
        "0370110010087D5F5826A993EBC8C4E87149F2114DA66BB015A567D751F98B2635556E987A6B84F43D9FFC197D3F3F6B2CE3B3ABD9A99BD4" +
        "453AFA54CC7B";

    /// <summary>
    /// AES-256-GCM under the nonce 01, sequence 10, zeros, over the exported session keys. Those are of the first recorded session; of the
    /// other ticket the flag that empty commands are not counted is set.
    /// </summary>
    private const string SealedTicket =
        "A700010164412D3137024B000102030405060708090A030704020548112233445566778806584EE4AA9EE05121250F9F1AC13B7E4358D9AC" +
        "868714DD12776898C695D35A0AE3B8EEBE2D927320065F5D948C8E1171F3744E743014CC6C3E3D7D054A16C642E1CEF611ECB7C1CCBA4720" +
        "5EE3AC10B1";

    private const string SealedTicketUncounted =
        "A700010164412D3137024B000102030405060708090A030704020548112233445566778806584EE4AA9EE15121250F9F1AC13B7E4358D9AC" +
        "868714DD12776898C695D35A0AE3B8EEBE2D927320065F5D948C8E1171F3744E743014CC6C3E3D7D054A16C6425518D73949FCEA3AB5C8E8" +
        "FA3393C250";

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
    /// The opening's key, nonce 02, sequence 13, zeros; the script is record 3, attempt 2, of 5 commands from 12 on; index 1.
    /// </summary>
    [TestCase(true, "FC68E6AC5C5111923217817DE95D889B933E99EAD7A03EA36B")]
    [TestCase(false, "FC68E6AC5C511192322011954B1414D79962C9BB173940B3E4")]
    public void Command_IsSealedAndOpened(bool last, string golden)
    {
        using var key = OpeningKeyOf();
        var context = new CommandContext(new Script(ScriptKind.Record, 2, 3, 2, 12, 5, last, true, default), 1);
        var plain = ByteString.FromHex("80E2880003AABBCC00");
        var payload = new byte[plain.Length + SealedCommand.Overhead];
        SealedCommand.Seal(key, context, plain.Span, payload);
        Assert.That(Convert.ToHexString(payload), Is.EqualTo(golden));
        Assert.That(SealedCommand.TryOpen(key, context, ByteString.FromHex(golden).Span, payload, out var length), Is.True);
        Assert.That(ByteString.Copy(payload.AsSpan(0, length)), Is.EqualTo(plain));
    }

    /// <summary>
    /// The ephemeral private number is 61 … 80; AES-256-GCM, nonce zeros, over length byte, code and zeros, 64 bytes. Envelope: ephemeral
    /// point, ciphertext, tag.
    /// </summary>
    private const string Envelope4711 =
        "04BD5714B9C20400411F1E51DBFF63647F05D1D70B55FC200C6CAD10C2F4614DC1E5048562F731F54573C04224D973A916A59F526A826807" +
        "6FC1CFA92A5F143F1992DC1DD7C5CB8342D3C074A5C19BC464D00DADFC0191D6F751C1D06AA6B0D36AED79E7671F03996985084A938D96CB" +
        "68AA8C32D648F650B3EE98CE68C6EF383844CD9878769F1CC75F9834D2A6D63436";

    private const string Envelope63 =
        "04BD5714B9C20400411F1E51DBFF63647F05D1D70B55FC200C6CAD10C2F4614DC1E5048562F731F54573C04224D973A916A59F526A826807" +
        "6FC1CFA92A5F143F19A9DF1DD1C3FCB475E4F74392F6ACF353E73A9ACB36A6E1C066F6E75D9187E45DDA4ED0502834AE5EB23F7DA4BAA1FC" +
        "5F9DBB05E17FC16784D9AFF95FF1D80F0F33E48F489AA04A0BDA1BA47BA375A69A";

    /// <summary>As those, with a length byte that no code has.</summary>
    private const string EnvelopeOfNone =
        "04BD5714B9C20400411F1E51DBFF63647F05D1D70B55FC200C6CAD10C2F4614DC1E5048562F731F54573C04224D973A916A59F526A826807" +
        "6FC1CFA92A5F143F1996DC1DD7C5CB8342D3C074A5C19BC464D00DADFC0191D6F751C1D06AA6B0D36AED79E7671F03996985084A938D96CB" +
        "68AA8C32D648F650B3EE98CE68C6EF3838E581DB98A7C67458C3475925DA0B6139";

    private const string EnvelopeOf64 =
        "04BD5714B9C20400411F1E51DBFF63647F05D1D70B55FC200C6CAD10C2F4614DC1E5048562F731F54573C04224D973A916A59F526A826807" +
        "6FC1CFA92A5F143F19D6DF1DD1C3FCB475E4F74392F6ACF353E73A9ACB36A6E1C066F6E75D9187E45DDA4ED0502834AE5EB23F7DA4BAA1FC" +
        "5F9DBB05E17FC16784D9AFF95FF1D80F0F15D254E96F8972B80E5278F59F010AF0";

    private static readonly IssueCodeContext Request = new(Transcript().Hash(), 9, "A-17");

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
        Hello = ByteString.Own(MessageCodec.Encode(new Hello(1, 3, Terminal, Counting(0xA0), 8, half))),
        Challenge = ByteString.Own(MessageCodec.Encode(new Challenge(2, Counting(0xC0), new LineNumber(7)))),
        Center = new CenterId("C-1"),
        TerminalCertificate = ByteString.Own(System.Security.Cryptography.SHA256.HashData("terminal certificate"u8)),
        CenterCertificate = ByteString.Own(System.Security.Cryptography.SHA256.HashData("center certificate"u8)),
    };

    [TestCase(LineHalf.Whole, "", "DCF511ED59783E81B362F5A964F1F13345A8ED56896B0B2D15AF829CF1429FDB")]
    [TestCase(LineHalf.Data, "", "D57531A23C82A8936963FFBA8DFBF65A46D1F3FC85D74770CC4C66E619E20F11")]
    [TestCase(LineHalf.Results, "", "CA12FE38CF097AF86A47AFB5C9FC52E2290113040B0E2C6D28298AE5B8FB9362")]
    [TestCase(LineHalf.Whole, "010203", "98C341BEAA35E08BF39F0A4FC9A0BCD7DB9B90FAC55D2C308AF1E471A6EE7F82")]
    public void Transcript_IsHashed(LineHalf half, string note, string golden) =>
        Assert.That((Transcript(half) with { Note = ByteString.FromHex(note) }).Hash().ToString(), Is.EqualTo(golden));

    /// <summary>
    /// The center's answer to a proof with the signature 80 … BF and the confirmation 20 … 3F: a list, and a token 40 … 4F.
    /// </summary>
    [Test]
    public void Answer_IsHashed_AndConfirmed()
    {
        var (list, token) = (ByteString.FromHex("010203"), Counting(0x40).Slice(0, 16));
        var proof = new Proof(ByteString.Concat(Counting(0x80), Counting(0xA0)), Counting(0x20));
        var answer = Transcript().AnswerBytes(proof, list, token);
        using var key = Admission();
        Assert.Multiple(() =>
        {
            Assert.That(HashOf(answer), Is.EqualTo("B074397F9FABC1A32C061C89D8E47EF909335F11E56234CCC0F0800A4BC00663"));
            Assert.That(HashOf(Transcript().AnswerBytes(proof, default, default)), Is.EqualTo("D73706C206CB5146500F778EB9DBDBCEB4A240D8FF08160FFB7DAC96806CEC7B"));
            Assert.That(key.TerminalConfirms().ToString(), Is.EqualTo("1966C91F3DDDA49531519FDA7A0A7FD77E82AD01DC2433B4FB35A1785DF9D4CF"));
            Assert.That(Transcript().Admit(_signing, key, proof, list, token).Confirmation.ToString(), Is.EqualTo("EF430AB61FD2FB5C96D3B7FB3BCC15E643E8F1B5F7CF1FC4926B8DD0E3823CC4"));
        });
    }

    [Test]
    public void LineKeys_AreDerived()
    {
        using var admission = Admission();
        using var keys = LineKeys.Derive(admission);
        Assert.That(Hex(keys.ToCenter), Is.EqualTo("D3FE0A8CD28FC7BB135B33C42047B63093224DF2EBBB212E44022880350FF329"));
        Assert.That(Hex(keys.ToTerminal), Is.EqualTo("2480938F881F0DA613E69E830FF4525A9C0790A0D969F5824DEAC22E57DD3DE3"));
    }

    /// <summary>CBOR as <c>messages.cddl</c> says; ECDSA with the key 41 … 60 over the array of label and body.</summary>
    private const string SignedList =
        "825895A500010163542D310205031A695735A50482A7016470637363026747656D616C746F03645477696E0464533132330563312E320682" +
        "677573622D312D2A677573622D322D31085841041F140146BFB1B251F84F4DDBE0D4CDCFD77AFD984A9520E35794021F8312BB9EEC995A08" +
        "B1FA7704DF3DCC0B50A9665263FB7711F95F9F8A449C5096E47C892BA201677669727475616C07F558404EE3ACC20369512FB567B35B2629" +
        "3B20B7BD0542D2E1C703636A050A8E1D371AD222A1EE98A62625D2DE6A0B63AEC65668B99A771C080B941DACFA2CCF5B1ECF";

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

    /// <summary>CBOR as <c>messages.cddl</c> says; ECDSA with the key 41 … 60 over the array of label and body.</summary>
    private const string SignedNote =
        "82584FA700010163432D310250A0A1A2A3A4A5A6A7A8A9AAABACADAEAF0319012C0466686F73742D31051A00011170065820C0C1C2C3C4C5" +
        "C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF5840F054D51F9D7FB07DF2F7FEB3F38EC2163455480AA4777C453021FAB3" +
        "2436723D5F66DF887270A56D82352A6CFFEB05B56DDDF98976326E17F0752E893CBA6A73";

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

    [Test]
    public void ReaderChallenge_IsHashed() => Assert.That(
        new ReaderChallenge(Terminal, Counting(0xA0), new ReaderIdentity("pcsc", "name", "Gemalto", null, "S123", "", "usb-1-4")).Hash.ToString(),
        Is.EqualTo("8CEFF2291C15B199ABEF238618F3088B401B32EAEDB522B40F26B3ACFFFFDC96"));

    /// <summary>Counter (8 bytes), message, and the first 16 bytes of HMAC-SHA-256 over both, under the key of the direction.</summary>
    [Test]
    public async Task FramesOfALineWithoutTls()
    {
        var anyone = new LinePeer(new LineNumber(1), null, default, default);
        var (end, other) = LoopbackLine.CreatePair(anyone, anyone);
        await using var terminal = AuthenticatedLine.AtTerminal(end);
        using var admission = Admission();
        terminal.Protect(LineKeys.Derive(admission));
        var (signature, confirmation) = (ByteString.Own(new byte[FieldLimits.SignatureLength]), Counting(0x20));
        await terminal.SendAsync(MessageCodec.Encode(new Proof(signature, confirmation)), default);
        await TakeAsync(other);
        await other.SendAsync(MessageCodec.Encode(new Admitted(signature, confirmation, default)), default);
        await TakeAsync(terminal);
        foreach (var golden in new[] { "0000000000000001A100140C853E681166DCAB855390DBC7F7DF87", "0000000000000002A100146A52F8593E5E22302E602165E4B0D726" })
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

    private AdmissionKey Admission()
    {
        using var transport = TransportAtCenter();
        return AdmissionKey.Derive(transport, Transcript().Hash());
    }

    private OpeningKey OpeningKeyOf()
    {
        using var admission = Admission();
        return OpeningKey.Derive(admission, Context);
    }

    private static string HashOf(ByteString bytes) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes.Span));

    private static SecureChannelSession Session(bool countsEmptyCommands)
    {
        var recorded = Vector.Load("scp03_sessions.json").First();
        using var keys = Scp03SessionTest.Keys(recorded);
        var update = CommandApdu.Parse(recorded.Hex("initializeUpdate").Span);
        var answer = new ResponseApdu(recorded.Hex("initializeUpdateResponse"), 0x9000);
        var quirks = new CardQuirks(CountsEmptyCommands: countsEmptyCommands);
        var opened = ChannelOpening.TryOpen(keys, update.P1, update.Data.Span, answer, new ChannelTerms(SecurityLevel.CMacRMac) { Quirks = quirks });
        return ((ChannelOpenResult.Opened)opened).Session;
    }
}
