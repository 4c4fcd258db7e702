using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Cards.Products.Preview;

/// <summary>A preview, or why the order can't be written.</summary>
/// <param name="Preview">The preview; null when there are errors.</param>
/// <param name="Errors">All errors.</param>
public sealed record CardPreviewResult(CardPreview? Preview, ValueList<PlanError> Errors);

/// <summary>
/// The commands that a customer's card would get, before secure messaging, with what is secret hidden. They are made by
/// <see cref="CardPlan"/>, which makes those that are sent: twice, with two different bytes in the place of all that must not be seen.
/// Where the two differ a digit is hidden; what is shown, then, never had anything secret in it.
/// </summary>
/// <param name="Product">What is written.</param>
/// <param name="Scripts">In the order in which they are sent.</param>
public sealed record CardPreview(CardProduct Product, ValueList<ScriptPreview> Scripts)
{
    /// <summary>Length of keys that are put in bytes, where nobody says otherwise: AES-128 and 2-key triple DES.</summary>
    public const int OwnKeyLength = 16;

    private const byte Zeros = 0x00, Ones = 0xFF;

    /// <summary>Makes one.</summary>
    /// <param name="product">The product, or one of its rewrites (<see cref="CardProduct.Rewrite"/>).</param>
    /// <param name="fields">The customer's fields; only for the time of the call.</param>
    /// <param name="programs">The programs that the product loads; null for none.</param>
    /// <param name="keyLength">Length of each of the keys of a set that is put, in bytes, 16, 24 or 32: what their master key has; null
    /// for <see cref="OwnKeyLength"/>.</param>
    public static CardPreviewResult Of(
        CardProduct product,
        IReadOnlyDictionary<string, string> fields,
        CardPrograms? programs = null,
        Func<HeldKeySet, int>? keyLength = null)
    {
        keyLength ??= _ => OwnKeyLength;
        programs ??= CardPrograms.None;
        var made = CardPlan.Create(product, fields, programs);
        if (made.Plan is null) return new CardPreviewResult(null, made.Errors);
        var (zeros, ones) = (Scripts(Zeros), Scripts(Ones));
        ValueList<ScriptPreview> scripts =
            [.. zeros.Zip(ones, (one, other) => ScriptPreview.Of(product, one, [.. one.Commands.Zip(other.Commands, CommandPreview.Of)]))];
        return new CardPreviewResult(new CardPreview(product, scripts), default);

        List<PlannedScript> Scripts(byte fill) =>
            PlannedScript.Of(
                CardPlan.Covered(product, fields, programs, fill), new Filled(product.Channel.Protocol, fill, keyLength), fill);
    }

    /// <summary>Stands for data that is encrypted under the card's DEK.</summary>
    private sealed class Filled(ScpProtocol protocol, byte fill, Func<HeldKeySet, int> keyLength) : IDataEncryption
    {
        private const int CheckValueLength = 3, AesBlock = 16;

        public ByteString Encrypt(ReadOnlySpan<byte> plain) => Bytes(DataEncryption.LengthOf(plain.Length, protocol));

        public ValueList<EncryptedKey> Keys(HeldKeySet set)
        {
            var isDes = protocol is ScpProtocol.Scp02;
            var clear = keyLength(set);
            // An AES key of 24 bytes is filled to whole blocks (Amendment D §6.2.8).
            var length = isDes ? clear : (clear + AesBlock - 1) / AesBlock * AesBlock;
            var key = new EncryptedKey(isDes ? PutKey.Des : PutKey.Aes, clear, Bytes(length), Bytes(CheckValueLength));
            return [.. Enumerable.Repeat(key, PutKey.LastKey)];
        }

        private ByteString Bytes(int length)
        {
            var bytes = new byte[length];
            bytes.AsSpan().Fill(fill);
            return ByteString.Own(bytes);
        }
    }
}

/// <summary>One script: what is sent and answered as one.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Record">The record's number, or one past the last for the closing; 0 before the first record, as for the look that a
/// rewrite begins with.</param>
/// <param name="Name">The record's name; empty where it is of none.</param>
/// <param name="Commands">Its commands.</param>
/// <param name="OnlyInDoubt">Whether it is sent only where nobody knows whether the record, or the closing, was done.</param>
/// <param name="Proof">How a record is proved; null where it is of none.</param>
/// <param name="Repeat">What a record's repeat means; null where it is of none.</param>
/// <param name="RestartAt">For a record that starts over: the record to go back to; else 0.</param>
public sealed record ScriptPreview(
    ScriptKind Kind, int Record, string Name, ValueList<CommandPreview> Commands, bool OnlyInDoubt, ProofKind? Proof, RepeatRule? Repeat,
    int RestartAt)
{
    internal static ScriptPreview Of(CardProduct product, PlannedScript script, ValueList<CommandPreview> commands)
    {
        var record = script.Record >= 1 && script.Record <= product.Records.Count ? product.Records[script.Record - 1] : null;
        return new ScriptPreview(
            script.Kind, script.Record, record?.Name ?? "", commands, script is { Kind: ScriptKind.Look, Record: > 0 }, record?.Proof,
            record?.Repeat, record?.RestartAt ?? 0);
    }
}

/// <summary>The scripts of one issue without any trouble, and the looks that trouble would bring, with their commands.</summary>
internal sealed record PlannedScript(ScriptKind Kind, int Record, IReadOnlyList<CommandApdu> Commands)
{
    /// <summary>Length of a number that the center gives, in bytes: what is hidden has it.</summary>
    private const int NumberLength = 16;

    public static List<PlannedScript> Of(CardPlan plan, IDataEncryption encryption, byte random)
    {
        var (product, profile, blocks) = (plan.Product, plan.Product.Profile, 0);
        var scripts = new List<PlannedScript>();
        Add(ScriptKind.Open, 0, profile.Open(product, Random(profile.ChallengeLength(product))));
        var authenticate = new CardCommand(Authenticate(product, Random(2 * profile.ChallengeLength(product))));
        Add(ScriptKind.Authenticate, 0, [authenticate, .. profile.IdentityReads(product), .. profile.AfterAuthentication(product)]);
        // A card that is rewritten has its number, and shows first what is on it.
        if (plan.Before() is { Count: > 0 } before) Add(ScriptKind.Look, 0, before);
        if (plan.Shape.AssignCommands > 0) Add(ScriptKind.Assign, 0, profile.Assign(product, ByteString.Own(Random(NumberLength))));
        for (var number = 1; number <= product.Records.Count; number++)
        {
            AddCounted(ScriptKind.Record, number, plan.Record(number, encryption, blocks));
            if (plan.Look(number) is { Count: > 0 } look) Add(ScriptKind.Look, number, look);
        }
        AddCounted(ScriptKind.Close, plan.ClosingNumber, plan.Close(encryption, blocks));
        Add(ScriptKind.Look, plan.ClosingNumber, plan.CloseLook());
        return scripts;

        byte[] Random(int length) => [.. Enumerable.Repeat(random, length)];

        void Add(ScriptKind kind, int record, IReadOnlyList<CardCommand> commands) =>
            scripts.Add(new(kind, record, [.. commands.Select(c => c.Apdu)]));

        void AddCounted(ScriptKind kind, int record, IReadOnlyList<CardCommand> commands)
        {
            blocks = CardPlan.NextBlock(commands, blocks);
            Add(kind, record, commands);
        }
    }

    /// <summary>The one command that is never without its MAC: the host's cryptogram stands before it, and is as long.</summary>
    private static CommandApdu Authenticate(CardProduct product, byte[] cryptogramAndMac) =>
        new(0x84, Instructions.ExternalAuthenticate, (byte)product.SecurityLevel, 0x00, ByteString.Own(cryptogramAndMac));
}
