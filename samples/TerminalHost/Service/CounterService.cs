using System.Numerics;
using System.Threading.Channels;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Answers;
using CardIssue.TerminalHost.Cli;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Operators;
using CardIssue.Transport.Reconnect;

namespace CardIssue.TerminalHost.Service;

/// <summary>What is this terminal's own, for the programs that come to it.</summary>
/// <param name="Terminal">Its name.</param>
/// <param name="Who">Who works here where a request does not say; null when each must.</param>
/// <param name="Operators">Those who may, where they log in.</param>
/// <param name="Language">What texts for people are in.</param>
internal sealed record ServiceSetup(TerminalId Terminal, OperatorId? Who, OperatorList Operators, Language Language);

/// <summary>
/// The counter for other programs: takes their requests, one issue at a time, and tells all of them what happens. An issue is the counter's and not
/// the program's that asked for it: it goes on when that is gone.
/// </summary>
/// <param name="token">What they must know.</param>
/// <param name="setup">What is this terminal's own.</param>
/// <param name="error">Where wrong tokens are told.</param>
/// <param name="time">The clock.</param>
internal sealed partial class CounterService(ServiceToken token, ServiceSetup setup, TextWriter error, TimeProvider time) : IStepDisplay
{
    /// <summary>The version of requests and events; it grows with what an older program would misunderstand.</summary>
    public const int Version = 1;

    /// <summary>Without a customer it is looked so often whether something is due between two.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly OperatorLogin _login = new(setup.Operators, time);
    private readonly HashSet<ServiceClient> _clients = [];
    private readonly Channel<Wanted> _wanted = Channel.CreateBounded<Wanted>(1);
    private LineAnswer _line = LineAnswer.Of(new RelayStatus(RelayState.Closed, time.GetUtcNow()));
    private ReaderSight _reader;
    private Wanted? _running;
    private StepAnswer? _step;
    private OutcomeEvent? _last;
    private ReceiptEvent? _receipt;
    private int _issues, _wrongTokens;
    private bool _isEnding;

    /// <summary>An issue that was accepted, until it has ended.</summary>
    private sealed record Wanted(int Number, IssueRequest Request, CancellationTokenSource Cancel);

    /// <summary>Serves until something is due between two customers.</summary>
    public async Task ServeAsync(TerminalCounter counter, Func<bool> isDue, CancellationToken cancellation)
    {
        counter.Relay.StatusChanged += Stands;
        try
        {
            counter.Start();
            do
            {
                if (await NextAsync(cancellation) is { } wanted) End(wanted, await IssueAsync(counter, wanted, cancellation));
            }
            while (!isDue());
        }
        finally
        {
            counter.Relay.StatusChanged -= Stands;
        }
    }

    /// <summary>Takes no more issues, and cancels the one that was accepted and not begun: whoever asked for it hears how it ended.</summary>
    public void Close()
    {
        lock (_gate) _isEnding = true;
        while (_wanted.Reader.TryRead(out var wanted)) End(wanted, TerminalCounter.Cancelled(time.GetUtcNow()));
    }

    /// <summary>Tells what is seen of the reader now.</summary>
    public void Saw(ReaderSight reader)
    {
        lock (_gate)
        {
            _reader = reader;
            TellAll(new ReaderEvent(Reader()));
        }
    }

    /// <inheritdoc/>
    public void Show(IssueProgress step)
    {
        lock (_gate)
        {
            var shown = StepAnswer.Of(step, setup.Language);
            if (_running is not null) _step = shown;
            TellAll(new ProgressEvent(_running?.Number, shown));
        }
    }

    /// <inheritdoc/>
    public void Tell(Text text) => error.WriteLine(text.In(setup.Language));

    /// <summary>The line's state says it.</summary>
    public void Failed(FailedTry failed) { }

    /// <summary>The outcome's event says it.</summary>
    public void End(IssueOutcome outcome) { }

    private void Stands(object? sender, RelayStatus status)
    {
        lock (_gate)
        {
            _line = LineAnswer.Of(status);
            TellAll(new LineEvent(_line));
        }
    }

    private async Task<Wanted?> NextAsync(CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(Idle);
        try
        {
            return await _wanted.Reader.ReadAsync(enough.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<IssueOutcome> IssueAsync(TerminalCounter counter, Wanted wanted, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, wanted.Cancel.Token);
        try
        {
            return await counter.IssueAsync(wanted.Request, either.Token);
        }
        catch (OperationCanceledException)
        {
            return TerminalCounter.Cancelled(time.GetUtcNow());
        }
    }

    private void End(Wanted wanted, IssueOutcome outcome)
    {
        lock (_gate)
        {
            (_running, _step) = (null, null);
            _last = new OutcomeEvent(wanted.Number, OutcomeAnswer.Of(outcome, setup.Language));
            if (outcome.IsIssued) _receipt = new ReceiptEvent(wanted.Number, outcome.Receipt);
            TellAll(_last);
        }
        wanted.Request.Code.Dispose();
    }

    /// <summary>In the gate, so that everybody hears everything in one order.</summary>
    private void TellAll(ServiceEvent what)
    {
        var line = what.Write();
        foreach (var client in _clients) client.Tell(line);
    }

    /// <summary>Takes what a program sent. Returns whether it may go on.</summary>
    private bool Take(ServiceClient client, ServiceRequest? request, string? fault)
    {
        lock (_gate)
        {
            if (!client.IsLetIn) return LetIn(client, request);
            if (request is null)
            {
                client.Tell(new ErrorEvent(ServiceFault.Request, $"This is no request: {fault}."));
                return true;
            }
            client.Tell(request.Do switch
            {
                ServiceRequest.Hello => Error(ServiceFault.Request, "This program is let in already."),
                ServiceRequest.Status => Status(),
                ServiceRequest.Issue => Begin(request),
                ServiceRequest.Cancel => Cancel(),
                ServiceRequest.Receipt => _receipt as ServiceEvent ?? Error(ServiceFault.Nothing, "No card was issued since the service began."),
                _ => new ClosedEvent(),
            } with { Id = request.Id });
            return request.Do is not ServiceRequest.Close;
        }
    }

    private bool LetIn(ServiceClient client, ServiceRequest? request)
    {
        if (request is not { Do: ServiceRequest.Hello } || !token.Is(request.Secret("token")))
        {
            // Not a line each: whoever tries would fill the log.
            if (BitOperations.IsPow2(++_wrongTokens)) error.WriteLine($"A program came without the right token ({_wrongTokens} so far).");
            client.Tell(Error(ServiceFault.Token, "The first line is a hello with the right token; it is in the service's token file."));
            return false;
        }
        client.IsLetIn = true;
        client.Tell(new HelloEvent(Version, setup.Terminal.Value) { Id = request.Id });
        client.Tell(Status());
        _clients.Add(client);
        return true;
    }

    private ServiceEvent Begin(ServiceRequest request)
    {
        if (_running is not null) return Error(ServiceFault.Busy, $"Issue {_running.Number} is under way: one card at a time.");
        var reference = request.Text("reference")!;
        if (RequestText.Fault(reference) is { } fault) return Error(ServiceFault.Request, fault);
        if (IssueRequest.CodeFault(request.Secret("code")) is { } codeFault) return Error(ServiceFault.Request, codeFault);
        var given = request.Text("operator") ?? setup.Who?.Value;
        if (!PersonNameRule.Accepts(given)) return Error(ServiceFault.Request, $"\"operator\" says who works here: a name of 1 to {PersonNameRule.MaxBytes} bytes.");
        if (LoginFault(request, given) is { } loginFault) return loginFault;
        if (_isEnding) return Error(ServiceFault.Busy, "The service is ending.");
        _running = new Wanted(++_issues, new IssueRequest(reference, request.Take("code"), new OperatorId(given)), new CancellationTokenSource());
        _step = null;
        _wanted.Writer.TryWrite(_running);
        return new AcceptedEvent(_running.Number);
    }

    /// <summary>Where operators log in, each request does; null when that is in order. Slow on purpose, and nothing else goes on meanwhile.</summary>
    private ErrorEvent? LoginFault(ServiceRequest request, string name)
    {
        if (!setup.Operators.IsThere) return null;
        if (!request.Has("password")) return Error(ServiceFault.Operator, "Operators log in here: \"password\" is missing.");
        try
        {
            return _login.Try(name, request.Secret("password")) switch
            {
                LoginResult.Right => null,
                LoginResult.Wrong => Error(ServiceFault.Operator, "The operator's name or password is wrong."),
                LoginResult.TooMany => Error(ServiceFault.Operator, $"Too many wrong passwords: nobody is looked at for {OperatorLogin.Pause.TotalSeconds:0} s."),
            };
        }
        catch (CommandException e)
        {
            return Error(ServiceFault.Operator, e.Message);
        }
    }

    private ServiceEvent Cancel()
    {
        if (_running is null) return Error(ServiceFault.Nothing, "No issue is under way.");
        var (cancel, number) = (_running.Cancel, _running.Number);
        // Not in the gate: what it ends is told there.
        _ = Task.Run(cancel.Cancel);
        return new AcceptedEvent(number);
    }

    private string? Reader() => _reader is ReaderSight.None ? null : _reader.ToString();

    private StatusEvent Status() => new(_line, Reader(), _running?.Number, _step, _last?.Issue, _last?.Outcome, _wrongTokens);

    private static ErrorEvent Error(ServiceFault code, string text) => new(code, text);
}
