using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Fuzz.Mutation;
using CardIssue.Fuzz.Running;

namespace CardIssue.Fuzz.Targets;

/// <summary>Which card it is, by what it tells before the channel and inside it, and by the number that it is given.</summary>
internal static class IdentityTarget
{
    private const int MaxSources = 8, MinCardId = 1, MaxCardId = 64, TagLength = 2;

    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly ByteString Number = Test.Codec.MessageSamples.Counting(0xA0, 16);
    private static readonly ResponseApdu Absent = new(default, 0x6A88);

    private static readonly Lazy<CardProduct> Product = new(() =>
        CardProductFile.Read(FileTargets.Samples("*.product.json").First(), "p").Product!);

    /// <summary>
    /// The first piece says the sources, one a byte; then the answers to the opening; then answers inside the channel, each led by what it
    /// is worth.
    /// </summary>
    public static FuzzTarget Make() =>
        new ParserTarget("identity-reading", new ChunkMutator(new TlvMutator()), Seeds, Run, CaseLimits.File);

    private static IEnumerable<byte[]> Seeds()
    {
        byte[] ok = [0x90, 0x00], no = [0x6A, 0x88];
        var update = CardTargets.Of("0001020304050607080930037011223344556677880011223344556677 9000");
        var cplc = CardTargets.Of("9F7F2A479051684791208 13B006250111111112222" + new string('0', 48) + "9000");
        var blank = CardTargets.Of("9F7F2A" + new string('F', 84) + "9000");
        var number = CardTargets.Of("4510" + Number + "9000");
        yield return ChunkMutator.Join([0], ok, update);
        yield return ChunkMutator.Join([1, 5], ok, cplc, no, update, [0, .. cplc], [1, .. no]);
        yield return ChunkMutator.Join([1, 5], ok, blank, no, update, [0, .. blank], [1, .. no], [0, .. ok], [0, .. number]);
        yield return ChunkMutator.Join([5], ok, number, cplc, update, [0, .. number]);
        yield return ChunkMutator.Join([3, 2, 4], ok, CardTargets.Of("4201559000"), CardTargets.Of("450201029000"),
            CardTargets.Of("DF0101559000"), update, [0, .. CardTargets.Of("4201559000")], [2, .. CardTargets.Of("450201029000")],
            [3, .. no]);
    }

    private static void Run(byte[] input)
    {
        var pieces = ChunkMutator.Split(input);
        if (pieces.Count == 0) return;
        var product = Product.Value with { Identity = [.. pieces[0].Take(MaxSources).Select(SourceOf)] };
        var opening = Profile.OpenCommands(product);
        var responses = Enumerable.Range(1, opening).Select(at => Response(pieces.ElementAtOrDefault(at) ?? [])).ToList();
        if (Profile.ReadOpening(product, ScriptStop.Completed, responses) is not OpeningReading.Ready ready)
            throw new FindingException("an opening whose answers are all there is not ready");

        var before = Profile.IdentityOf(product, ready, IsGiven);
        Judge(before);
        var again = ready.Told.Take(Profile.IdentityReads(product).Count)
            .Select(told => new CommandOutcome(default, new UnwrapResult.Authenticated(told.Data, told.StatusWord))).ToList();
        if (Profile.IdentityInside(product, ready, again, IsGiven)?.Fits(before) != true)
            throw new FindingException("a card that says the same again is not the same");

        var inside = pieces.Skip(1 + opening).Select(Outcome).ToList();
        if (Profile.IdentityInside(product, ready, inside, IsGiven) is { } claimed) Judge(claimed);
        if (Profile.AssignCommands(product) > 0) JudgeNumbering(product, inside.TakeLast(Profile.AssignCommands(product)).ToList());
    }

    private static void Judge(ClaimedIdentity claimed)
    {
        _ = claimed.ToString();
        if (claimed.Card is { Value.Length: < MinCardId or > MaxCardId })
            throw new FindingException("an identity is of an impossible length");
        if (claimed is { Kind: IdentityKind.Given, Card.Value: var value } && !IsGiven(value.Slice(TagLength, value.Length - TagLength)))
            throw new FindingException("a number that is not ours is taken for one");
    }

    private static void JudgeNumbering(CardProduct product, List<CommandOutcome> outcomes)
    {
        if (Profile.JudgeAssign(product, Number, ScriptStop.Completed, outcomes) is Verdict.Genuine
            && outcomes[^1].Response is not UnwrapResult.Authenticated)
            throw new FindingException("a card is numbered without saying so itself");
    }

    private static bool IsGiven(ByteString number) => number == Number;

    private static IdentitySource SourceOf(byte source) => (source % 7) switch
    {
        0 => new IdentitySource.DiversificationData(),
        1 => new IdentitySource.ProductionLifeCycle(),
        2 => new IdentitySource.CardImageNumber(),
        3 => new IdentitySource.IssuerAndCardNumber(),
        4 => new IdentitySource.DataObject(0xDF01),
        5 => new IdentitySource.ProvedDiversificationData(),
        _ => new IdentitySource.Assigned(),
    };

    private static ResponseApdu Response(byte[] piece) =>
        piece.Length is < 2 or > ResponseApdu.MaxLength ? Absent : ResponseApdu.Parse(piece);

    private static CommandOutcome Outcome(byte[] piece)
    {
        var response = Response(piece.Length == 0 ? [] : piece[1..]);
        return new CommandOutcome(default, (piece.FirstOrDefault() & 3) switch
        {
            0 => new UnwrapResult.Authenticated(response.Data, response.StatusWord),
            1 => new UnwrapResult.Unauthenticated(response.StatusWord),
            2 => new UnwrapResult.NoProtection(response.Data, response.StatusWord),
            _ => new UnwrapResult.Breach(ChannelBreach.WrongMac, response.StatusWord),
        });
    }
}
