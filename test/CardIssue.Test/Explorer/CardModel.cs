using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Explorer;

/// <summary>A card: what it keeps (marks of applied commands, closed, tries), and what it loses with its power (the channel).</summary>
/// <param name="Marks">How often each command of each record was applied since the last restart, in order; counted to two.</param>
/// <param name="Closed">Whether it was closed.</param>
/// <param name="Tries">EXTERNAL AUTHENTICATE commands since the last that succeeded.</param>
/// <param name="Channel">The channel under way; null without.</param>
/// <param name="Number">The number that the center gave it; 0 for none.</param>
/// <param name="Elsewhere">Whether somebody else changed it since it was issued: it does not hold what the center believes.</param>
internal sealed record CardModel(ByteString Marks, bool Closed, int Tries, CardChannel? Channel, byte Number = 0, bool Elsewhere = false)
{
    public static CardModel Fresh(PlanShape plan) => new(ByteString.Own(new byte[plan.Records.Sum(r => r.Commands)]), false, 0, null);

    public CardModel PowerDown() => Channel is null ? this : this with { Channel = null };

    /// <summary>Whether any command of any record was applied.</summary>
    public bool Touched => Closed || Marks.Span.IndexOfAnyExcept((byte)0) >= 0;

    /// <summary>What a look at a record finds; the closing is one past the last, what was there before a rewrite is 0.</summary>
    public Found Look(PlanShape plan, int record)
    {
        if (record == 0) return Elsewhere || Touched ? Found.Part : Found.All;
        if (record > plan.Records.Count) return Closed ? Found.All : Found.Nothing;
        var marks = Marks.Span.Slice(Offset(plan, record), plan.Records[record - 1].Commands);
        if (marks.IndexOfAnyExcept((byte)0) < 0) return Found.Nothing;
        return marks.Contains((byte)0) ? Found.Part : Found.All;
    }

    /// <summary>Whether the records up to this one are there in full.</summary>
    public bool Complete(PlanShape plan, int upTo)
    {
        for (var record = 1; record <= upTo; record++)
            if (Look(plan, record) is not Found.All) return false;
        return true;
    }

    /// <summary>What a command does to the card.</summary>
    /// <param name="world">The plan, and what a card's identity is.</param>
    /// <param name="self">Which card this is.</param>
    /// <param name="token">The command.</param>
    public (CardModel Card, ResponseToken Response) Execute(WorldOptions world, Card self, CommandToken token)
    {
        var plan = world.Plan;
        var answer = new ResponseToken(Answer.Success, self, token.Fence, token.Opening, Found.Nothing, world.ToldBy(self, this));
        if (token.Kind is ScriptKind.Open)
            return (token.Index == token.Count - 1 ? this with { Channel = new CardChannel(token.Fence, token.Opening, 0, false) } : PowerDown(), answer);

        var authenticate = token.Kind is ScriptKind.Authenticate && token.Index == 0;
        var tried = authenticate ? this with { Tries = Tries + 1 } : this;
        var fits = self is not Card.X && Channel is { } c && c.Fence == token.Fence && c.Opening == token.Opening && c.Counter == token.Counter
            && c.Open != authenticate;
        if (!fits) return (tried.PowerDown(), answer with { Answer = Answer.Error });
        var next = tried with { Channel = Channel! with { Counter = token.Counter + 1, Open = true }, Tries = authenticate ? 0 : tried.Tries };
        return token.Kind switch
        {
            ScriptKind.Look or ScriptKind.Close when world.ClosesByReading && token.Record > plan.Records.Count => next.Show(plan, answer),
            ScriptKind.Record when Closed => (PowerDown(), answer with { Answer = Answer.Error }),
            ScriptKind.Record => (next with { Marks = Apply(plan, token) }, answer),
            ScriptKind.Look => (next, answer with { Found = Look(plan, token.Record) }),
            ScriptKind.Close when Closed => (PowerDown(), answer with { Answer = Answer.Error }),
            ScriptKind.Close => (next with { Closed = token.Index == token.Count - 1 }, answer),
            ScriptKind.Assign when token.Index == 0 => (next with { Number = token.Number }, answer with { Told = token.Number }),
            ScriptKind.Authenticate when token.Index >= plan.AuthenticateCommands =>
                (next, answer with { Found = Look(plan, token.Record) }),
            ScriptKind.Open or ScriptKind.Authenticate or ScriptKind.Assign => (next, answer),
        };
    }

    /// <summary>A closing that writes nothing: it shows the whole of what was written, and is over when it did.</summary>
    private (CardModel Card, ResponseToken Response) Show(PlanShape plan, ResponseToken answer) => Complete(plan, plan.Records.Count)
        ? (this with { Closed = true }, answer with { Found = Found.All })
        : (this, answer with { Found = Found.Part });

    /// <summary>The first command of a record that is a restart point undoes all that came from there on.</summary>
    private ByteString Apply(PlanShape plan, CommandToken token)
    {
        var marks = Marks.ToArray();
        if (token.Index == 0 && plan.Records.Any(r => r.Repeat is RepeatRule.StartOver && r.RestartAt == token.Record))
            marks.AsSpan(Offset(plan, token.Record)).Clear();
        var at = Offset(plan, token.Record) + token.Index;
        var most = plan.Records[token.Record - 1].Repeat is RepeatRule.Repeatable ? 1 : 2;
        marks[at] = (byte)Math.Min(marks[at] + 1, most);
        return ByteString.Own(marks);
    }

    private static int Offset(PlanShape plan, int record)
    {
        var offset = 0;
        for (var i = 0; i < record - 1; i++) offset += plan.Records[i].Commands;
        return offset;
    }
}

/// <summary>A card's side of an opening: begun by INITIALIZE UPDATE, open after EXTERNAL AUTHENTICATE.</summary>
internal sealed record CardChannel(long Fence, int Opening, int Counter, bool Open);

/// <summary>What hangs on the terminal's reader port.</summary>
internal enum ReaderAt
{
    /// <summary>The reader that the center knows, or does not: <see cref="WorldOptions.ReaderKnown"/>.</summary>
    Own,
    /// <summary>Nothing: it was pulled.</summary>
    Away,
    /// <summary>Nothing, and what will come is another one.</summary>
    Exchanging,
    /// <summary>Another one, that the center does not know.</summary>
    Other,
}

/// <summary>The cards, and the reader.</summary>
/// <param name="InReader">The card that is in.</param>
/// <param name="Connected">Whether the reader's connection, begun by the last reset, is to the card that is in: a card put in later is not reached by it.</param>
/// <param name="Reports">What the reader has yet to report: true for a card put in.</param>
/// <param name="Reader">Which reader there is.</param>
internal sealed record Cards(
    CardModel A, CardModel B, CardModel X, Card? InReader, bool Connected, ValueList<bool> Reports, ReaderAt Reader = ReaderAt.Own)
{
    public bool IsAway => Reader is ReaderAt.Away or ReaderAt.Exchanging;

    public CardModel this[Card card] => card switch { Card.A => A, Card.B => B, Card.X => X };

    public Cards With(Card card, CardModel model) => card switch
    {
        Card.A => this with { A = model },
        Card.B => this with { B = model },
        Card.X => this with { X = model },
    };

    public Cards PowerDown() => InReader is { } card && this[card].Channel is not null ? With(card, this[card].PowerDown()) : this;

    public Cards Connect() => PowerDown() with { Connected = InReader is not null };

    public Cards Disconnect() => Connected ? PowerDown() with { Connected = false } : PowerDown();

    public Cards TakeOut() => Disconnect() with { InReader = null, Reports = Reports.Add(false) };

    /// <summary>A card that is in goes with it.</summary>
    public Cards Pull(bool exchange) =>
        (InReader is null ? Disconnect() : TakeOut()) with { Reader = exchange ? ReaderAt.Exchanging : ReaderAt.Away };

    public Cards PutIn(Card card) => this with { InReader = card, Reports = Reports.Add(true) };
}
