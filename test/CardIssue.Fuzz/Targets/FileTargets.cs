using System.Security.Cryptography;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Fuzz.Mutation;
using CardIssue.Fuzz.Running;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;
using SimulatedDiversification = CardIssue.Testing.Cards.Crypto.Diversification;
using SimulatedKeys = CardIssue.Testing.Cards.State.CardKeySet;

namespace CardIssue.Fuzz.Targets;

/// <summary>Files and texts that people bring: orders, products, identities, key files, checkpoints, cards, addresses.</summary>
internal static class FileTargets
{
    private static readonly Lazy<Dictionary<string, CardProduct>> Products = new(() => Samples("*.product.json").Select(json =>
        CardProductFile.Read(json, "p").Product!).ToDictionary(p => p.Name));

    public static IEnumerable<FuzzTarget> All =>
    [
        new ParserTarget("product", new JsonMutator(), () => Samples("*.product.json"), input => Judge(CardProductFile.Read(input, "p"),
            read => read.Product is null), CaseLimits.File),
        new ParserTarget("orders", new JsonMutator(), () => Samples("orders.json"), input => Judge(OrdersFile.Read(input, "o",
            Products.Value.GetValueOrDefault), read => read.Orders is null), CaseLimits.File),
        new ParserTarget("product-and-orders", new ChunkMutator(new JsonMutator()), () => Samples("*.product.json").Select(product =>
            ChunkMutator.Join(product, Samples("orders.json").First())), ProductAndOrders, CaseLimits.File),
        new ParserTarget("identity", new JsonMutator(), Identities, input =>
        {
            CardTargets.Outcome(() => CenterIdentity.Read(input));
            CardTargets.Outcome(() => TerminalIdentity.Read(input));
        }),
        new ParserTarget("passphrase-file", new ByteMutator(), () => [[.. "CIKEYS"u8, 1, 1, 0, 0, 0x4C, 0, 0, 0, 0, 2, 0, 0, 0, 1,
            .. new byte[28], .. new byte[16]]], PassphraseFileOf, CaseLimits.File),
        new ParserTarget("secret-content", new ByteMutator(), () => [SecretContent()], SecretContentOf),
        new ParserTarget("order-data", new JsonMutator(), () => [OrderData.Write(new Dictionary<string,
            string> { ["pan"] = "4761739001010119", ["name"] = "ANNA" })], OrderDataOf),
        new ParserTarget("checkpoint", new JsonMutator(), () => [new LogCheckpoint(1, DateTimeOffset.UnixEpoch, [new LogHead("host-1", 5,
            Test.Codec.MessageSamples.Counting(0, 32))], Test.Codec.MessageSamples.Counting(0, 64)).ToJson()],
            input => CardTargets.Outcome(() => LogCheckpoint.FromJson(input))),
        new ParserTarget("log-entry", new JsonMutator(), () => ["{\"code\":\"NotKnown\"}"u8.ToArray()], input =>
            LogJson.IsObject(System.Text.Encoding.UTF8.GetString(input))),
        new ParserTarget("address", new ByteMutator(), () => ["tls:127.0.0.1:7001"u8.ToArray(),
            "serial-tls:/dev/ttyUSB0?baud=9600&flow=rtscts"u8.ToArray(), "tcp:[::1]:7001?serial=%41&vendor=%"u8.ToArray()], AddressOf),
        new ParserTarget("card-file", new JsonMutator(), () => [CardFile()], CardFileOf, CaseLimits.File),
        .. ProgramTargets.All,
        new ParserTarget("virtual-card", new ChunkMutator(new TlvMutator(5)), VirtualCardSeeds, VirtualCardOf, CaseLimits.File),
    ];

    internal static IEnumerable<byte[]> Samples(string pattern) =>
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Samples"),
            pattern).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    /// <summary>A value or mistakes, never both, never neither; and no mistake quotes a customer's number.</summary>
    private static void Judge<T>(T read, Func<T, bool> isNothing) where T : JsonReading
    {
        if (isNothing(read) != read.Mistakes.Count > 0) throw new FindingException("neither a value nor a mistake, or both");
        if (read.Mistakes.Any(m => m.ToString().Contains("476173",
            StringComparison.Ordinal))) throw new FindingException("a mistake quotes a customer's data");
    }

    private static void ProductAndOrders(byte[] input)
    {
        var chunks = ChunkMutator.Split(input);
        if (chunks.Count < 2) return;
        var product = CardProductFile.Read(chunks[0], "p").Product;
        Judge(OrdersFile.Read(chunks[1], "o", _ => product), read => read.Orders is null);
    }

    private static IEnumerable<byte[]> Identities()
    {
        using var key = P256PrivateKey.Generate();
        yield return new CenterIdentity(new CenterId("C-1"), key.PublicKey, key.PublicKey, default).Write();
        yield return new TerminalIdentity(new Core.Primitives.TerminalId("T-1"), key.PublicKey, key.PublicKey, 1,
            Test.Codec.MessageSamples.Counting(0, 32)).Write();
    }

    /// <summary>The head alone: to derive a key takes as long as it shall, and is capped by the head's own limits.</summary>
    private static void PassphraseFileOf(byte[] input) => PassphraseHeader.TryRead(input, out _, out _);

    private static byte[] SecretContent()
    {
        using var writer = new SecretWriter();
        writer.Number(1);
        writer.Text("C-1");
        writer.Bytes([1, 2, 3]);
        return writer.Written.ToArray();
    }

    private static void SecretContentOf(byte[] input) => CardTargets.Outcome(() =>
    {
        var from = new SecretReader(input);
        from.Number();
        from.Text();
        for (var left = from.Count(16); left > 0; left--) from.Bytes();
        from.End();
    });

    private static void OrderDataOf(byte[] input)
    {
        try
        {
            OrderData.Read(input);
        }
        catch (CryptographicException)
        {
        }
    }

    private static void AddressOf(byte[] input) => CardTargets.Outcome(() =>
    {
        var address = AddressText.Parse(System.Text.Encoding.UTF8.GetString(input));
        CardTargets.Outcome(() => address.HostAndPort());
        SerialPlace.Of(address);
    });

    private static byte[] CardFile()
    {
        var path = Path.GetTempFileName();
        StateFile.Save(path, CardProfile.BlankEmv(7, [Keys]));
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return bytes;
    }

    private static SimulatedKeys Keys => SimulatedKeys.Derive(0x30, SimulatedDiversification.Kdf3,
        new byte[16], CardProfile.Kdd(7).Span);

    private static void CardFileOf(byte[] input)
    {
        var path = Path.Combine(Path.GetTempPath(), $"cardissue-fuzz-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.json");
        File.WriteAllBytes(path, input);
        try
        {
            CardSimulator.Open(path).Transmit(CardTargets.Of("00A4040000"));
        }
        catch (InvalidDataException)
        {
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IEnumerable<byte[]> VirtualCardSeeds()
    {
        byte[] select = CardTargets.Of("00A4040008A00000015100000000"), update = CardTargets.Of("80503000080102030405060708 00"),
            cplc = CardTargets.Of("80CA9F7F00");
        yield return ChunkMutator.Join(select, update, cplc, CardTargets.Of("80F24002024F0000"));
        yield return ChunkMutator.Join(select, CardTargets.Of("80CA00E000"), CardTargets.Of("84E2800005010102AABB"),
            CardTargets.Of("00A4040007A000000003101000"), CardTargets.Of("00B2010C00"));
    }

    /// <summary>The simulated card before other people's hosts: each piece is a command.</summary>
    private static void VirtualCardOf(byte[] input)
    {
        var card = CardSimulator.Create(CardProfile.BlankEmv(7, [Keys]));
        card.Reset();
        foreach (var command in ChunkMutator.Split(input))
            if (card.Transmit(command).Length is < 2 or > Core.Cards.ResponseApdu.MaxLength) throw new FindingException("the simulated card's answer is none");
    }
}
