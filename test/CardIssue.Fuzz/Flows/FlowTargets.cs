using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Fuzz.Mutation;
using CardIssue.Fuzz.Running;
using CardIssue.Test.Codec;

namespace CardIssue.Fuzz.Flows;

/// <summary>A whole issue with somebody mad in it; afterwards the same hosts must issue the next card.</summary>
/// <param name="name">Its name on the command line.</param>
/// <param name="hasTls">Whether the line is one as with TLS, where messages go as they are.</param>
/// <param name="mode">The products' mode, <c>endToEnd</c> or <c>module</c>.</param>
/// <param name="seeds">Inputs to start from.</param>
/// <param name="onLine">Which strikes are at the line.</param>
/// <param name="onCard">Whether all are at the card instead.</param>
internal sealed class FlowTarget(
    string name, bool hasTls, string mode, Func<IEnumerable<byte[]>> seeds, Func<Strike, bool> onLine, bool onCard = false)
    : FuzzTarget(name, new ChunkMutator(new StrikeMutator()), seeds)
{
    private FuzzShop? _shop;

    public override CaseLimits Limits => CaseLimits.Flow;

    public override bool IsFlow => true;

    public override void Run(byte[] input)
    {
        _shop ??= FuzzShop.OpenAsync(hasTls, mode).GetAwaiter().GetResult();
        var strikes = Strike.Of(input);
        try
        {
            _shop.RunAsync(FlowOrder.Of(input), onCard ? [] : [.. strikes.Where(onLine)], onCard ? strikes : []).GetAwaiter().GetResult();
        }
        catch
        {
            // What this case did to the hosts is not to be blamed on the next one.
            var broken = _shop;
            _shop = null;
            broken.DisposeAsync().AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
            throw;
        }
    }

    public override void Finish() => _shop?.VerifyLogAsync().GetAwaiter().GetResult();

    public override ValueTask DisposeAsync() => _shop?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>What is put in is a message half of the time: the strike's head stays, the message is changed.</summary>
    private sealed class StrikeMutator : Mutator
    {
        private const int HeadLength = 3;
        private static readonly byte[][] Messages = [.. MessageSamples.All.Select(s => ByteString.FromHex(s.Golden).ToArray())];
        private readonly CborMutator _messages = new();

        protected override byte[] ChangeOnce(byte[] input, IReadOnlyList<byte[]> others, Random random)
        {
            var head = input.Length >= HeadLength ? input[..HeadLength] : Noise(HeadLength, random);
            var bytes = input.Length >= HeadLength ? input[HeadLength..] : [];
            return random.Next(4) switch
            {
                0 => [head[0], (byte)random.Next(40), head[2], .. bytes],
                1 => [(byte)random.Next(8), head[1], (byte)random.Next(256), .. Noise(random.Next(2, 9), random)],
                2 => [.. head, .. Messages[random.Next(Messages.Length)]],
                _ => [.. head, .. _messages.Change(bytes, [bytes], random)],
            };
        }
    }
}

/// <summary>The four flows.</summary>
internal static class FlowTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new FlowTarget("mad-terminal", hasTls: true, "endToEnd", () => LineSeeds(up: true), strike => strike.Up),
        new FlowTarget("mad-center", hasTls: true, "endToEnd", () => LineSeeds(up: false), strike => !strike.Up),
        new FlowTarget("mad-card", hasTls: true, "endToEnd", CardSeeds, _ => false, onCard: true),
        new FlowTarget("meddler", hasTls: false, "module", LineSeeds, _ => true),
    ];

    /// <summary>Those that strike what goes that way, and the one without a strike.</summary>
    private static IEnumerable<byte[]> LineSeeds(bool up) =>
        LineSeeds().Where(seed => seed.Length == 0 || Strike.Of(seed).Exists(strike => strike.Up == up));

    /// <summary>Each message put in early and late, and each kind of strike.</summary>
    private static IEnumerable<byte[]> LineSeeds()
    {
        byte[] Message(RelayMessage message) => MessageCodec.Encode(message);
        yield return [];
        yield return ChunkMutator.Join(Strike.Piece(true, 1, StrikeKind.Change, 5, 1), Strike.Piece(false, 4, StrikeKind.Drop));
        yield return ChunkMutator.Join(Strike.Piece(true, 4, StrikeKind.Double), Strike.Piece(false, 5, StrikeKind.Double));
        yield return ChunkMutator.Join(Strike.Piece(true, 5, StrikeKind.Delay), Strike.Piece(false, 6, StrikeKind.Delay));
        // A script of 1,024 commands whose last numbers no session has: no codec of ours writes it.
        yield return ChunkMutator.Join(
            Strike.Piece(false, 3, StrikeKind.Replace, Convert.FromHexString("A7000C0104020103010401051A3FFFFFF506190400")));
        yield return ChunkMutator.Join(
            Strike.Piece(true, 3, StrikeKind.Replace, Message(new CardPresent(1, MessageSamples.Counting(0x3B, 2)))));
        yield return ChunkMutator.Join(
            Strike.Piece(true, 4, StrikeKind.Insert, Message(new Result(0, ScriptStop.Completed, [MessageSamples.Counting(0x90, 2)]))));
        yield return ChunkMutator.Join(
            Strike.Piece(false, 4, StrikeKind.Insert, Message(new Issued("No. 5"))), Strike.Piece(false, 9, StrikeKind.Cut, 3));
        // A card that is given a number, and data that is looked for before it is written again.
        yield return new FlowOrder(ReadsBack: false, IsNumbered: true).In(ChunkMutator.Join(
            Strike.Piece(true, 6, StrikeKind.Drop), Strike.Piece(false, 6, StrikeKind.Change, 9, 1)));
        yield return new FlowOrder(ReadsBack: true, IsNumbered: false).In(ChunkMutator.Join(
            Strike.Piece(true, 7, StrikeKind.Cut), Strike.Piece(false, 7, StrikeKind.Drop)));
    }

    private static IEnumerable<byte[]> CardSeeds()
    {
        yield return [];
        yield return ChunkMutator.Join(Strike.Piece(true, 0, StrikeKind.Replace, 0x6A, 0x82));
        yield return ChunkMutator.Join(
            Strike.Piece(true, 2, StrikeKind.Replace, 0x61, 0x00), Strike.Piece(true, 3, StrikeKind.Change, 0, 1));
        yield return ChunkMutator.Join(Strike.Piece(true, 1, StrikeKind.Replace, [.. new byte[300], 0x61, 0xFF]));
        yield return ChunkMutator.Join(Strike.Piece(false, 0, StrikeKind.Replace, 0x3B));
        yield return ChunkMutator.Join(Strike.Piece(false, 0, StrikeKind.Replace, [0x3B, .. new byte[33]]));
        yield return ChunkMutator.Join(Strike.Piece(true, 5, StrikeKind.Cut, 2), Strike.Piece(true, 6, StrikeKind.Replace, 0x69, 0x82));
        // A number that the card refuses; data of which nobody knows whether it was written.
        yield return new FlowOrder(ReadsBack: false, IsNumbered: true).In(ChunkMutator.Join(
            Strike.Piece(true, 8, StrikeKind.Replace, 0x6A, 0x80)));
        yield return new FlowOrder(ReadsBack: true, IsNumbered: true).In(ChunkMutator.Join(Strike.Piece(true, 11, StrikeKind.Cut, 2)));
    }
}
