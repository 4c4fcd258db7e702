using System.CommandLine;
using System.CommandLine.Parsing;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.State;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.VirtualCard.Cli;

/// <summary>What <c>serve</c>, <c>vpcd</c> and <c>twin</c> have in common: the card, its speed, its power cut, the control port.</summary>
internal sealed class CardOptions
{
    private readonly Option<FileInfo?> _file = new("--card") { Description = "The card file; every change is written to it." };
    private readonly Option<string?> _profile = new("--profile") { Description = "A fresh card that lives in memory: " + string.Join(", ", CardProfile.Names) + "." };
    private readonly Option<uint> _serial = new("--serial") { Description = "Serial number of the fresh card.", DefaultValueFactory = _ => 1 };
    private readonly Option<CardProtocol?> _protocol = new("--protocol") { Description = "t0 or t1; without it what the card file says, and t1 for a fresh card." };
    private readonly Option<string?> _timing = new("--timing") { Description = "p71 (a model of a real card) or p71-install (the measured times of 101 commands, then the model)." };
    private readonly Option<int?> _cutAt = NumberOption.Optional("--cut-at", "Cut the card's power at this command, from 1.", 1, int.MaxValue);
    private readonly Option<string> _cutMoment = new("--cut-moment") { Description = "before (it never runs) or response (it ran, nobody hears of it).", DefaultValueFactory = _ => "response" };
    private readonly KeyOptions _keys = new();
    private readonly ChannelOptions _channel = new();

    private readonly Option<int?> _controlPort = NumberOption.Optional(
        "--control-port", $"A loopback port (0: any) that takes lines and answers each with a line of JSON: {ControlServer.Commands}.", 0, 0xFFFF);

    public Option<bool> Json { get; } = new("--json") { Description = "Say in JSON what was started." };

    public void AddTo(Command command)
    {
        _profile.AcceptOnlyFromAmong([.. CardProfile.Names]);
        _timing.AcceptOnlyFromAmong("p71", "p71-install");
        _cutMoment.AcceptOnlyFromAmong("before", "response");
        foreach (var option in new Option[] { _file, _profile, _serial, _protocol, _timing, _cutAt, _cutMoment, _controlPort, Json }) command.Options.Add(option);
        _keys.AddTo(command);
        _channel.AddTo(command);
        command.Validators.Add(result =>
        {
            // Whether they were given, not their values: those may be wrong, which is said elsewhere.
            bool Given(Option option) => result.GetResult(option) is not null;
            if (Given(_file) && Given(_profile)) result.AddError("--card and --profile exclude each other.");
            if (!Given(_file) && !Given(_profile) && !Given(_controlPort))
                result.AddError("Name --card or --profile, or a --control-port by which a card is inserted later.");
        });
    }

    public CardSlot MakeSlot(ParseResult parsed)
    {
        var slot = new CardSlot();
        var card = parsed.GetValue(_file) is { } file ? CardSimulator.Open(file.FullName, parsed.GetValue(_protocol))
            : parsed.GetValue(_profile) is { } profile ? Fresh(parsed, profile) : null;
        if (card is null) return slot;
        if (parsed.GetValue(_cutAt) is { } at)
            card.CutPower(new PowerCut(at, parsed.GetValue(_cutMoment) == "before" ? CutMoment.BeforeExecution : CutMoment.BeforeResponse));
        slot.Insert(card);
        return slot;
    }

    /// <summary>The control port, or null when none is wanted.</summary>
    /// <exception cref="CommandException">It can't be had.</exception>
    public ControlServer? OpenControl(ParseResult parsed, CardSlot slot) =>
        parsed.GetValue(_controlPort) is { } port ? Port.Open(port, at => new ControlServer(slot, at)) : null;

    public CardPacer? MakePacer(ParseResult parsed) => MakeTiming(parsed) is { } timing ? new CardPacer(TimeProvider.System, timing) : null;

    public ICardTiming? MakeTiming(ParseResult parsed) => parsed.GetValue(_timing) switch
    {
        "p71" => new P71Timing(),
        "p71-install" => new P71InstallReplay(),
        _ => null,
    };

    private CardSimulator Fresh(ParseResult parsed, string profile)
    {
        var serial = parsed.GetValue(_serial);
        var state = _channel.Apply(parsed, CardProfile.ByName(profile, serial, [_keys.Read(parsed, CardProfile.Kdd(serial).Span, _channel.KeyType(parsed))])!);
        return CardSimulator.Create(state with { Protocol = parsed.GetValue(_protocol) ?? state.Protocol });
    }
}
