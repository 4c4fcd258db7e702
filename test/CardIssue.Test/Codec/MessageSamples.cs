using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Codec;

/// <summary>One of each message, and of each of its optional forms, with the bytes that it must always have.</summary>
internal static class MessageSamples
{
    private static readonly ByteString Nonce = Counting(0x20, 32), Token = Counting(0x40, 16), Signature = Counting(0x80, 64);
    private const string NonceHex = "202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F";
    private const string TokenHex = "404142434445464748494A4B4C4D4E4F";
    private const string SignatureHex = "808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9FA0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF";

    public static readonly (RelayMessage Message, string Golden)[] All =
    [
        (new Hello(1, 2, new TerminalId("T-1"), Nonce, 8), "A6000101010202" + "0363542D31" + "045820" + NonceHex + "0508"),
        (new Hello(1, 1, new TerminalId("T-1"), Nonce, 8, LineHalf.Results), "A7000101010201" + "0363542D31" + "045820" + NonceHex + "0508" + "0602"),
        (new Hello(1, 1, new TerminalId("T-1"), Nonce, 8, Certificate: 3), "A7000101010201" + "0363542D31" + "045820" + NonceHex + "0508" + "0703"),
        (new Hello(1, 1, new TerminalId("T-1"), Nonce, 8, Declines: 10), "A7000101010201" + "0363542D31" + "045820" + NonceHex + "0508" + "080A"),
        (new Challenge(1, Nonce, new LineNumber(7)), "A400020101025820" + NonceHex + "0307"),
        (new Proof(Signature, Nonce), "A30003015840" + SignatureHex + "025820" + NonceHex),
        (new Proof(Signature, Nonce, Counting(1, 3)), "A40003015840" + SignatureHex + "025820" + NonceHex + "0343010203"),
        (new Admitted(Signature, Nonce, Counting(1, 3)), "A40004015840" + SignatureHex + "025820" + NonceHex + "0343010203"),
        (new Admitted(Signature, Nonce, default, Token), "A50004015840" + SignatureHex + "025820" + NonceHex + "0340" + "0450" + TokenHex),
        (new Refused(RefusalCode.TooMany), "A200050103"),
        (new RequestIssue(1, "A-17", Counting(1, 2), new OperatorId("ann")), "A5000601010264412D313703420102" + "0463616E6E"),
        (new Resume(2, Token), "A300070102" + "0250" + TokenHex),
        (new Declined(1, DeclineCode.NotNow), "A3000801010206"),
        (new InsertCard(1, Token, false, "Visa"), "A4000901010250" + TokenHex + "046456697361"),
        (new InsertCard(1, Token, false, "Visa")
        {
            Order = new OrderId("o-1"), Card = new CardId(ByteString.FromHex("0102")), MaskedNumber = "476173******0119", Records = 3,
        }, "A8000901010250" + TokenHex + "046456697361" + "05636F2D31" + "06420102" + "0770" + "3437363137332A2A2A2A2A2A30313139" + "0803"),
        (new InsertCard(1, Token, true, ""), "A5000901010250" + TokenHex + "03F5" + "0460"),
        (new CardPresent(3, Counting(0x3B, 2)), "A3000A010302423B3C"),
        (new CardRejected(3, CardRejection.RefusedUs), "A3000B01030208"),
        (new CardRejected(3, CardRejection.NoIdentity), "A3000B01030209"),
        (new Script(ScriptKind.Assign, 1, 0, 1, 8, 2, false, false, default), "A7000C0106020103000401" + "0508" + "0602"),
        (new Script(ScriptKind.Record, 1, 2, 1, 300, 24, false, false, default), "A7000C0104020103020401" + "0519012C" + "061818"),
        (new Script(ScriptKind.Authenticate, 1, 0, 1, 5, 1, true, true, Counting(1, 2)), "AA000C010202010300040105050601" + "07F508F5" + "09420102"),
        (new Command(65_535, Counting(0x80, 5), default), "A3000D0119FFFF02458081828384"),
        (new Command(0, Counting(0, 1), [0x9000, 0x6A88]), "A4000D01000241000382" + "199000" + "196A88"),
        (new Credit(1_073_741_824), "A2000E011A40000000"),
        (new Result(5, ScriptStop.Completed, [Counting(0x90, 2), Counting(1, 3)]), "A4000F0105020103824290914301" + "0203"),
        (new Result(5, ScriptStop.CardLost, []), "A4000F010502030380"),
        (new Result(5, ScriptStop.ModuleRefused, [], ModuleRefusal.BadSeal), "A5000F0105020503800404"),
        (new Issued("No. 5\nok"), "A2001001684E6F2E20350A6F6B"),
        (new Issued("ok") { Order = new OrderId("o-1"), Card = new CardId(ByteString.FromHex("0102")) }, "A400100162" + "6F6B" + "02636F2D31" + "03420102"),
        (new CardRemoved(), "A10011"),
        (new Abort(AbortCode.TooManyCards), "A200120108"),
        (new ReaderRefused("Gem"), "A20013016347656D"),
        (new StatusRequest(), "A10014"),
        (new StatusReport(new TerminalId("T-1"), new LineNumber(1_000)), "A300150163542D31021903E8"),
        (new Join(Token), "A200160150" + TokenHex),
        (new Joined(), "A10017"),
        (new EnrollReader("pcsc"), "A2001818" + "016470637363"),
        (new EnrollReader("pcsc", "G", "Twin", "S1", "1.0", "usb-1", Counting(4, 65)),
            "A8001818" + "016470637363" + "026147" + "03645477696E" + "04625331" + "0563312E30" + "06657573622D31" + "075841" + Counting(4, 65)),
        (new ReaderEnrollment(ReaderStanding.Waiting), "A20018190102"),
        (new ReaderEnrollment(ReaderStanding.Known, Counting(1, 3)), "A3001819010102" + "43010203"),
        (new Witness(Counting(1, 3)), "A200181A" + "0143010203"),
        (new Witness(Counting(1, 3), Counting(4, 2)), "A300181A" + "0143010203" + "02420405"),
        (new EnrollTerminal(new TerminalId("T-1"), Nonce, Counting(4, 65), Counting(4, 65), 1, default, Nonce),
            "A700181C" + "0163542D31" + "025820" + NonceHex + "035841" + Counting(4, 65) + "045841" + Counting(4, 65) + "0501" + "075820" + NonceHex),
        (new EnrollTerminal(new TerminalId("T-1"), Nonce, Counting(4, 65), Counting(4, 65), 2, Nonce, Nonce, Signature),
            "A900181C" + "0163542D31" + "025820" + NonceHex + "035841" + Counting(4, 65) + "045841" + Counting(4, 65) + "0502" + "065820" + NonceHex
            + "075820" + NonceHex + "085840" + SignatureHex),
        (new TerminalEnrolled("C-1", Counting(4, 65), Counting(4, 65), default, Nonce),
            "A500181D" + "0163432D31" + "025841" + Counting(4, 65) + "035841" + Counting(4, 65) + "055820" + NonceHex),
        (new TerminalEnrolled("C-1", Counting(4, 65), Counting(4, 65), Nonce, Nonce),
            "A600181D" + "0163432D31" + "025841" + Counting(4, 65) + "035841" + Counting(4, 65) + "045820" + NonceHex + "055820" + NonceHex),
        (new Disconnect(DisconnectCode.TimedOut, "a", ""), "A400181B0101" + "026161" + "0360"),
        (new Disconnect((DisconnectCode)200, "", "b"), "A400181B0118C8" + "0260" + "036162"),
    ];

    public static ByteString Counting(int first, int count) => ByteString.Own([.. Enumerable.Range(first, count).Select(i => (byte)i)]);
}
