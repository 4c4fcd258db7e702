using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.Products.Text;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

/// <summary>Small products and their parts, which tests change with <c>with</c>.</summary>
internal static class Sample
{
    public static readonly Aid Domain = new(ByteString.FromHex("A000000151000000"));
    public static readonly Aid Application = new(ByteString.FromHex("A0000000031010"));
    public static readonly LifeCycleOf State = new(RegistryScope.Applications, Application);

    /// <summary>No fields, no application behind a security domain, one record of one small DGI, closed by an empty 7FFF.</summary>
    public static CardProduct Product(params RecordDefinition[] records) => new(CardProfiles.Find("globalplatform")!)
    {
        Name = "sample",
        Version = 1,
        Mode = KeyMode.EndToEnd,
        KeySet = "keys",
        KeyVersion = 0x30,
        Diversification = KeyDiversification.Kdf3,
        SecurityLevel = SecurityLevel.CMacCEncRMacREnc,
        Selected = Domain,
        Records = records.Length == 0 ? [Record()] : [.. records],
        Close = new CloseDefinition([Grouping(0x7FFF)], null, [new CheckDefinition(LifeCycle, Done, NotDone)]),
    };

    public static RecordDefinition Record(params ItemDefinition[] items) => new()
    {
        Name = "record",
        Items = items.Length == 0 ? [Grouping(0x9010, 2)] : [.. items],
        Proof = ProofKind.CardMac,
        Repeat = RepeatRule.Repeatable,
    };

    public static CheckCommand LifeCycle => new CheckCommand.LifeCycle(State);

    public static Expectation Done => new Expectation.State(0x0F);

    public static Expectation NotDone => new Expectation.State(0x07);

    public static ItemDefinition.Grouping Grouping(ushort id, int length = 0, bool secret = false) =>
        new(id, [new TemplateNode.Literal(ByteString.Own(new byte[length]))]) { Secret = secret };

    public static ItemDefinition.Grouping Field(ushort id, string field, FieldEncoding encoding, bool secret = false) =>
        new(id, [new TemplateNode.Field(field, encoding)]) { Secret = secret };

    public static Expectation.Exactly Exactly(string hex) => new([new TemplateNode.Literal(ByteString.FromHex(hex))]);

    public static CardPlan Plan(CardProduct product, params (string Name, string Text)[] fields)
    {
        var made = CardPlan.Create(product, fields.ToDictionary(f => f.Name, f => f.Text));
        Assert.That(made.Errors, Is.Empty);
        return made.Plan!;
    }

    /// <summary>What GET STATUS answers for one application.</summary>
    public static ByteString Entry(byte lifeCycle, Aid? aid = null)
    {
        var value = (aid ?? Application).Value;
        return ByteString.Concat(
            ByteString.Own([0xE3, (byte)(6 + value.Length), 0x4F, (byte)value.Length]), value, ByteString.Own([0x9F, 0x70, 0x01, lifeCycle]));
    }
}

/// <summary>Shows what was encrypted: each byte inverted, padded as the real encryption pads.</summary>
internal sealed class Inverting : IDataEncryption
{
    public ByteString Encrypt(ReadOnlySpan<byte> plain)
    {
        var padded = new byte[DataEncryption.LengthOf(plain.Length, ScpProtocol.Scp03)];
        plain.CopyTo(padded);
        if (padded.Length > plain.Length) padded[plain.Length] = 0x80;
        return ByteString.Own([.. padded.Select(b => (byte)~b)]);
    }

    /// <summary>Three keys of AES-128, each of its own.</summary>
    public ValueList<EncryptedKey> Keys(HeldKeySet set) => [.. Enumerable.Range(1, PutKey.LastKey).Select(id => new EncryptedKey(
        PutKey.Aes, 16, ByteString.Own([.. Enumerable.Repeat((byte)(0xA0 + id), 16)]), ByteString.Own([(byte)id, 0x5A, 0xA5])))];
}
