using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;
using CardIssue.Fuzz.Mutation;
using CardIssue.Fuzz.Running;

namespace CardIssue.Fuzz.Targets;

/// <summary>What a card answers, and what is made of it.</summary>
internal static class CardTargets
{
    private const string Registry = "E3124F07A00000000310109F700107C5030000 00C408A000000151535041";

    public static IEnumerable<FuzzTarget> All =>
    [
        new ParserTarget("tlv", new TlvMutator(), Hex("6F108408A000000151000000A5049F6501FF", "70055F34810101",
            "0000700A5A084761739001010119FFFF", "FF21045A020102"), Tlv),
        new ParserTarget("dgi", new ByteMutator(), Hex("010102AABB9102008010 01CC", "0101FF00FF" + new string('0', 510)), Groupings),
        new ParserTarget("apdu", new ByteMutator(), Hex("00A4040008A00000015100000000", "80E2000005010102AABB", "00B0000000FFFF",
            "00D6000000000301020300FF"), Apdu),
        new ParserTarget("response", new ByteMutator(), Hex("9000", "6F108408A000000151000000A5049F6501FF9000", "6310"), input =>
        {
            try
            {
                ResponseApdu.Parse(input);
            }
            catch (CardException)
            {
            }
        }),
        new ParserTarget("select", new TlvMutator(), Hex("6F108408A000000151000000A5049F6501FF"), input =>
            FileControlInformation.TryParse(input, out _, out _)),
        new ParserTarget("registry", new TlvMutator(), Hex(Registry, "E30B4F0501020304059F700107FF", "E3074F009F7001070000"), input =>
        {
            RegistryEntry.Parse(input, out _);
            RegistryListing.Start(RegistryScope.Applications).On(new ResponseApdu(ByteString.Copy(input), 0x6310));
        }),
        new ParserTarget("card-data", new TlvMutator(), Hex(
            "66267324060 72A864886FC6B01600C060A2A864886FC6B02020201640B06092A864886FC6B040370",
                "E012C00401FF8010C00402FF8010C00403FF8010", "C103000001", "CF0A00000000000000000001", "4505010203 0405"), input =>
        {
            CardRecognitionData.TryParse(input, out _, out _);
            KeyInformation.TryParse(input, out _, out _, out _);
            GetData.TryParseSequenceCounter(input, out _, out _);
            GetData.TryParseDiversificationData(input, out _, out _);
        }),
        new ParserTarget("cplc", new TlvMutator(), Hex("9F7F2A" + new string('1', 84), new string('2', 84)), input =>
            CardProductionLifeCycle.TryParse(input, out _, out _)),
        IdentityTarget.Make(),
        new ParserTarget("initialize-update", new ByteMutator(),
            Hex("000000000000000000013003700102030405060708 0102030405060708 000001",
                "00000000000000000001300310010203040506070801020304050607 08"), input => InitializeUpdateResponse.TryParse(input, out _,
                out _)),
        new ParserTarget("scp03-unwrap", new ChunkMutator(new ByteMutator()), () => [ChunkMutator.Join([0x33], [0x90, 0x00],
            [.. new byte[24], 0x90, 0x00]), ChunkMutator.Join([0x11], [.. new byte[8], 0x63, 0x10])], Unwrap),
        new ParserTarget("scp03-import", new ByteMutator(), () => [[3, 0, 0x33, 0, 16, 8, .. new byte[56]], [3, 0, 0x33, 1, 32, 8, .. new byte[104]]],
            input =>
        {
            if (ChannelSessionKeys.TryImport(input, out var keys, out _)) keys.Dispose();
        }),
        new ParserTarget("emv-check", new ChunkMutator(new TlvMutator(2)), () =>
        [
            ChunkMutator.Join(Of("0101701357114761739001010119D15122011758989389"), Of("010270105A0847617390010101195F2403151231"),
                Of("910482025C00940408010200")),
            ChunkMutator.Join(Of("0101701A5F300202018E0C00000000000000001E031F008C069F02065F2A02"),
                Of("91049440" + string.Concat(Enumerable.Repeat("0801FF00", 16)))),
        ], input => EmvCheck.Of(ChunkMutator.Split(input).Where(c => c.Length >= 2).Select(c => ((ushort)(c[0] << 8 | c[1]),
            ByteString.Copy(c.AsSpan(2)))))),
        new ParserTarget("field-text", new ByteMutator(), () => ["\u00014761739001010119"u8.ToArray(), "\u00052030-12-31"u8.ToArray(),
            "\u00064761739001010119D15122011758989389"u8.ToArray()], input =>
        {
            if (input.Length > 0) FieldText.Encode(System.Text.Encoding.Latin1.GetString(input.AsSpan(1)),
                (FieldEncoding)(input[0] % 6 + 1), out _);
        }),
    ];

    internal static Func<IEnumerable<byte[]>> Hex(params string[] texts) => () => texts.Select(Of);

    internal static byte[] Of(string hex) => ByteString.FromHex(hex).ToArray();

    /// <summary>Runs what may say by a <see cref="FormatException"/> that the input is not what it reads.</summary>
    internal static void Outcome(Action read)
    {
        try
        {
            read();
        }
        catch (FormatException)
        {
        }
    }

    private static void Tlv(byte[] input)
    {
        BerTlv.TryParseOne(input, out _, out _);
        if (!BerTlv.TryParse(input, out var objects, out _)) return;
        // What was read is written, read again, and the same.
        var bytes = BerTlv.Encode(objects.Span);
        if (!BerTlv.TryParse(bytes.Span, out var again, out var error)) throw new FindingException($"what was read and written cannot be read again: {error}");
        if (!objects.Equals(again)) throw new FindingException("what was read, written and read again is something else");
    }

    private static void Groupings(byte[] input)
    {
        if (!Dgi.TryParse(input, out var groupings, out _)) return;
        if (ByteString.Concat([.. groupings.Select(g =>
            g.ToBytes())]) != ByteString.Copy(input)) throw new FindingException("data groupings are written otherwise than they were read");
    }

    private static void Apdu(byte[] input)
    {
        if (CommandApdu.TryParse(input, out var command, out _) && !CommandApdu.TryParse(command.ToBytes().Span, out _, out var error))
            throw new FindingException($"a command that was read cannot be written: {error}");
        CommandShape.TryRead(input, out _, out _);
    }

    /// <summary>The first piece says the level, the others are a card's answers.</summary>
    private static void Unwrap(byte[] input)
    {
        var chunks = ChunkMutator.Split(input);
        if (chunks.Count == 0 || chunks[0].Length == 0) return;
        byte[] levels = [0x01, 0x03, 0x11, 0x13, 0x33];
        using var session = ChannelOpening.FromSessionKeys(ChannelSessionKeys.Import([3, 0, levels[chunks[0][0] % levels.Length], 0, 16, 8,
            .. new byte[56]]));
        session.ExternalAuthenticate();
        foreach (var answer in chunks.Skip(1))
        {
            if (answer.Length < 2) continue;
            session.Wrap(new CommandApdu(0x80, 0xCA, 0x9F, 0x7F, default, 256));
            if (session.Unwrap(ResponseApdu.Parse(answer)) is not (UnwrapResult.Authenticated or UnwrapResult.NoProtection or UnwrapResult.Unauthenticated)) return;
        }
    }
}
