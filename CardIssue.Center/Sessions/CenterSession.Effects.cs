using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using Microsoft.Extensions.Logging;

namespace CardIssue.Center.Sessions;

/// <summary>The machine's effects, carried out. Each says whether the ones after it may follow.</summary>
internal sealed partial class CenterSession
{
    /// <summary>A script's head and commands, which leave together when the step's effects are carried out, or before what else leaves.</summary>
    private readonly List<ReadOnlyMemory<byte>> _held = [];

    private async ValueTask<bool> CarryOutAsync(CenterEffect effect, CancellationToken cancellation)
    {
        try
        {
            switch (effect)
            {
                case CenterEffect.Save save: _unwritten.Add(Saving(save)); break;
                case CenterEffect.Send send: return await SendAsync(send.Message, cancellation).ConfigureAwait(false);
                case CenterEffect.SendScript script: return await SendScriptAsync(script, cancellation).ConfigureAwait(false);
                case CenterEffect.SendCommand command: SendCommand(command); break;
                case CenterEffect.SendIssued: return await SendIssuedAsync(cancellation).ConfigureAwait(false);
                case CenterEffect.SendWitness: return await SendWitnessAsync(cancellation).ConfigureAwait(false);
                case CenterEffect.SendEnrollment enrollment: return await SendEnrollmentAsync(enrollment.Request, cancellation).ConfigureAwait(false);
                case CenterEffect.VerifyProof verify: await VerifyProofAsync(verify, cancellation).ConfigureAwait(false); break;
                case CenterEffect.JudgeJoin join: await JudgeJoinAsync(join.Join, cancellation).ConfigureAwait(false); break;
                case CenterEffect.FindAndClaim find: await FindAndClaimAsync(find.Request, cancellation).ConfigureAwait(false); break;
                case CenterEffect.Judge judge: await JudgeAsync(judge, cancellation).ConfigureAwait(false); break;
                case CenterEffect.ForgetOpening: _work?.ForgetOpening(); break;
                case CenterEffect.ArmTimer arm: _queue.ArmTimer(_services.Options.Of(arm.Timer)); break;
                case CenterEffect.StopTimer: _queue.StopTimer(); break;
                case CenterEffect.CloseLine:
                    await TellDisconnectAsync().ConfigureAwait(false);
                    await CloseLineAsync().ConfigureAwait(false);
                    break;
                default: throw new InvalidOperationException($"No one carries out {effect.GetType().Name}.");
            }
            return true;
        }
        catch (StoreException e)
        {
            // What cannot be logged does not leave; what cannot be saved did not happen.
            OperationLog.NotSaved(_logger, Name, effect.GetType().Name, e.Message);
            if (!IsDeaf(effect) && (_savesLost || _state.Work is not null)) _followUps.Enqueue(new CenterEvent.SaveFailed(ClaimLost: false));
            else await HangUpAsync().ConfigureAwait(false);
            await LetGoOfClaimedAsync().ConfigureAwait(false);
            return false;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            var savesLost = _savesLost;
            await FailAsync(effect.GetType().Name, e).ConfigureAwait(false);
            await GiveUpAsync(effect, savesLost).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>Not even a farewell can be logged: the line is closed, and the terminal comes back by itself.</summary>
    private async ValueTask HangUpAsync()
    {
        if (_closed) return;
        await CloseLineAsync().ConfigureAwait(false);
        _followUps.Enqueue(new CenterEvent.LineDown());
    }

    private async ValueTask<bool> SendAsync(RelayMessage message, CancellationToken cancellation)
    {
        if (message is CardRejected rejected) CenterTelemetry.CardRejected(rejected.Code);
        if (message is InsertCard insert && _work is { } work) message = work.Tell(insert);
        var frame = MessageCodec.Encode(message);
        _log.Sending(message, frame);
        if (message is InsertCard or CardRejected && _ahead is { } ahead) Prepare(ahead);
        if (!await MayLeaveAsync(cancellation).ConfigureAwait(false)) return false;
        Show(SessionLog.StepOf(message), SessionLog.ShownOf(message));
        await SendFrameAsync(frame, cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>What was gathered before a message is durable, and its terminal may still have it.</summary>
    private async ValueTask<bool> MayLeaveAsync(CancellationToken cancellation) =>
        await MakeDurableAsync(cancellation).ConfigureAwait(false) && await MayStayAsync(cancellation).ConfigureAwait(false);

    /// <summary>The whole script is made and logged, durably, before its head leaves.</summary>
    private async ValueTask<bool> SendScriptAsync(CenterEffect.SendScript script, CancellationToken cancellation)
    {
        var head = script.Script;
        if (script != _ahead) Prepare(script);
        if (!await MayLeaveAsync(cancellation).ConfigureAwait(false)) return false;
        _issue?.ScriptLeaves(head);
        Show(SessionLog.StepOf(head), SessionLog.ShownOf(head));
        _held.Add(MessageCodec.Encode(_script!.Head));
        return true;
    }

    private void Prepare(CenterEffect.SendScript script)
    {
        _script = _work!.Prepare(script.Script, script.Tail);
        _log.Sending(_script);
    }

    private void SendCommand(CenterEffect.SendCommand command)
    {
        var prepared = _script!.Commands[command.Index];
        var frame = new byte[CommandFrame.MaxOverhead + prepared.Payload.Length + (3 * prepared.Expected.Count)];
        var length = CommandFrame.Encode(command.Script.First + command.Index, prepared.Payload, prepared.Expected, frame);
        _held.Add(frame.AsMemory(0, length));
    }

    private ValueTask SendFrameAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
    {
        _held.Add(frame);
        return SendHeldAsync(cancellation);
    }

    /// <summary>A line that breaks while sending is reported by its receiving end.</summary>
    private async ValueTask SendHeldAsync(CancellationToken cancellation)
    {
        if (_held.Count == 0) return;
        ReadOnlyMemory<byte>[] frames = [.. _held];
        _held.Clear();
        try
        {
            await _line.SendAllAsync(frames, cancellation).ConfigureAwait(false);
        }
        catch (LineException e)
        {
            OperationLog.LineDown(_logger, Level(LogLevel.Warning), Name, e.Fault, e.Message);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // A line that fails as no line does is a broken one: the terminal comes back on another.
            await FailAsync(nameof(SendHeldAsync), e).ConfigureAwait(false);
            await HangUpAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask VerifyProofAsync(CenterEffect.VerifyProof verify, CancellationToken cancellation)
    {
        try
        {
            await JudgeProofAsync(verify, cancellation).ConfigureAwait(false);
        }
        catch (StoreException away) when (IsAway(away) && !Volatile.Read(ref _isLetIn))
        {
            RefuseForNow(away);
        }
    }

    private async ValueTask JudgeProofAsync(CenterEffect.VerifyProof verify, CancellationToken cancellation)
    {
        var outcome = await _admission.JudgeAsync(_line.Peer, _terms, new AdmissionRequest(verify.Hello, verify.Challenge, verify.Proof), cancellation).ConfigureAwait(false);
        Volatile.Write(ref _terminal, outcome.Terminal);
        // What was changed while it was judged, the server's look at the registry has passed over: it saw no terminal here yet.
        if (await NoLongerFitsAsync(cancellation).ConfigureAwait(false) is { } changed)
        {
            outcome = new AdmissionOutcome(null, RefusalCode.NotKnown, changed);
            Volatile.Write(ref _terminal, null);
        }
        _log.Terminal = outcome.Terminal?.Identity.Id;
        // The keys are there before Admitted leaves: it is the last message in the clear.
        if (outcome.Terminal is { } terminal && _line is AuthenticatedLine line) line.Protect(terminal.Keys.OpenLineKeys(terminal.Identity, terminal.Transcript));
        if (outcome.Refusal is { } refusal) CenterTelemetry.AdmissionRefused(refusal);
        if (outcome.IsAltered) OperationLog.Altered(_logger, Name, outcome.Detail);
        if (outcome.Terminal is null && !IsTold(outcome.Known))
        {
            _followUps.Enqueue(new CenterEvent.ProofJudged(RefusalCode.TooMany, null));
            return;
        }
        _log.Begin();
        // Before access is granted: what may have changed in what is lost must not be asked for.
        if (outcome.Terminal is { } shown) await HearAsync(shown.Identity.Id, verify.Proof.Note, cancellation).ConfigureAwait(false);
        if (outcome.Terminal is not null)
        {
            CenterTelemetry.AdmissionGranted(verify.Challenge.Version);
            LetIn();
        }
        if (outcome.Terminal is not null) await TellDataHalfAsync(cancellation).ConfigureAwait(false);
        var step = outcome.Terminal is null ? 310 : 220;
        var detail = $"{verify.Hello.Terminal} from {_line.Peer.Address?.ToString() ?? "no address"} on line {_line.Peer.Line}: {outcome.Detail}";
        _log.Decided(step, outcome.Terminal is null ? "Refusing" : "Admitting", detail);
        Show(step, detail);
        _followUps.Enqueue(new CenterEvent.ProofJudged(outcome.Refusal, outcome.Terminal is { } admitted ? Answer(admitted) : null));
    }

    private Admitted Answer(AdmittedTerminal terminal)
    {
        var joinToken = _terms.Results is { } results ? _joins.Open(terminal.Identity.Id, results, this) : ByteString.Empty;
        return _admission.Answer(terminal, joinToken);
    }

    private async ValueTask FindAndClaimAsync(RelayMessage request, CancellationToken cancellation)
    {
        BeginIssue(request);
        // The order of before is let go first, by a commit of its own: it may be the same.
        if (HasUnwrittenSaves && !await MakeDurableAsync(cancellation).ConfigureAwait(false)) return;
        var outcome = request is Resume resume
            ? await ResumeAsync(resume, cancellation).ConfigureAwait(false)
            : await ClaimAsync((RequestIssue)request, cancellation).ConfigureAwait(false);
        switch (outcome)
        {
            case ClaimOutcome.Declined declined:
                _log.Order = declined.Order;
                await DeclineAsync(declined.Code, declined.Detail, cancellation).ConfigureAwait(false);
                break;
            case ClaimOutcome.Done done:
                _log.Order = done.Order;
                _issue?.End("toldAgain");
                TellAgain(done);
                break;
            case ClaimOutcome.Claimed claimed:
                _log.Order = claimed.Order;
                _claimed = claimed;
                await BeginWorkAsync(claimed, cancellation).ConfigureAwait(false);
                _claimed = null;
                break;
        }
    }

    private async ValueTask<ClaimOutcome> ResumeAsync(Resume resume, CancellationToken cancellation)
    {
        var before = await TakeUnwrittenAsync().ConfigureAwait(false);
        return await PatientlyAsync(() => _services.Orders.ResumeAsync(resume.Token, Claimant(null), before, cancellation)).ConfigureAwait(false);
    }

    private async ValueTask<ClaimOutcome> ClaimAsync(RequestIssue request, CancellationToken cancellation)
    {
        var context = new IssueCodeContext(_terminal!.Admission, request.Number, request.Reference);
        if (!_terminal.Keys.TryOpenIssueCode(context, request.SealedCode, out var code))
        {
            // Nobody is asked for: the customer's code is right or wrong, and this says neither.
            const string Unopened = "the sealed issue code does not open: it was not sealed for this center, terminal, session and request";
            Fault("CodeUnreadable", Unopened);
            return new ClaimOutcome.Declined(DeclineCode.CodeUnreadable, Unopened, null);
        }
        using (code)
        {
            var before = await TakeUnwrittenAsync().ConfigureAwait(false);
            return await PatientlyAsync(() => _services.Orders.ClaimAsync(
                request.Reference,
                (order, verifier) =>
                {
                    // The try is counted by now, and what stood before it is saved with it.
                    before = [];
                    return _services.Vault.CheckIssueCode(order, verifier, code.Span);
                },
                Claimant(request.Operator), before, cancellation)).ConfigureAwait(false);
        }
    }

    private OrderClaimant Claimant(OperatorId? person) => new(_terminal!.Identity.Id, person, Name, _services.Host);

    private async ValueTask DeclineAsync(DeclineCode code, string detail, CancellationToken cancellation)
    {
        if (code is DeclineCode.CenterLacks) OperationLog.CenterLacks(_logger, Name, detail);
        _issue?.Decline(code);
        _log.Decided(230, "Declining", detail);
        Show(230, $"declined: {detail}");
        _followUps.Enqueue(new CenterEvent.ClaimDeclined(code));
    }

    /// <summary>The plan is made before anything is said to the terminal: an order that cannot be written is not begun.</summary>
    private async ValueTask BeginWorkAsync(ClaimOutcome.Claimed claimed, CancellationToken cancellation)
    {
        var (work, claim, product, fault) = await PatientlyAsync(() => PlanAsync(claimed, cancellation)).ConfigureAwait(false);
        if (work is null)
        {
            await _services.Orders.SaveAsync(claimed.Order, claimed.Fence, new OrderChange.Released(), cancellation).ConfigureAwait(false);
            await DeclineAsync(DeclineCode.CenterLacks, fault, cancellation).ConfigureAwait(false);
            return;
        }
        _work = work;
        _issue?.Begin(claimed.Rewrite is not null, claimed.Mode.ToString());
        var detail = $"{claimed.Order}, fence {claimed.Fence}, {claimed.State}, {claimed.Progress}; operator {claimed.Operator}; {product}";
        _log.Decided(230, "Claimed", detail);
        _followUps.Enqueue(new CenterEvent.Claimed(claim!));
    }

    private async Task<(CardWork? Work, Claim? Claim, ProductTerms? Product, string Fault)> PlanAsync(
        ClaimOutcome.Claimed claimed, CancellationToken cancellation)
    {
        if (await _services.Products.GetAsync(claimed.Product, cancellation).ConfigureAwait(false) is not { } stored)
            return Lacks($"product {claimed.Product} is missing");
        var read = _services.ReadProducts.Of(stored);
        if (read.Product is not { } product) return Lacks($"product {claimed.Product}: {read.Mistakes[0].Message}");
        if (ProductRecord.Of(product, stored.Body) is var itself && (itself != stored || itself.Mode != claimed.Mode))
        {
            return Lacks($"product {claimed.Product} says of itself that it is {itself.Ref}, {itself.Mode}; "
                + $"the store has {stored.Mode}, the order {claimed.Mode}");
        }
        if (claimed.Rewrite is { } rewrite)
        {
            var (rewriting, against) = await RewriteAsync(product, stored.Ref, rewrite, claimed.OnCard, cancellation).ConfigureAwait(false);
            if (rewriting is null) return Lacks(against);
            product = rewriting;
        }
        if (_services.Vault.LackOf(product) is { } lack) return Lacks(lack);
        var terms = ProductTerms.Of(stored, product);
        if (!_services.Vault.TryOpenOrderData(claimed.ToTerms(terms), claimed.SealedData, out var data))
        {
            return Lacks("the order's write data does not open: since it was sealed it, the order's customer, number, display text or "
                + $"product, or the product itself was changed, or its master key is not in this host's vault. Now it is {terms}");
        }
        using (data)
        {
            var programs = product.Programs.Count == 0 || _services.Programs is not { } store ? CardPrograms.None
                : await store.OfAsync(product, cancellation).ConfigureAwait(false);
            var made = CardPlan.Create(product, OrderData.Read(data.Span), programs);
            if (made.Plan is not { } plan) return Lacks($"the order's data does not fit its product: {made.Errors[0].Message}");
            var claim = claimed.ToClaim(plan.Shape);
            return (new CardWork(_services.Vault, product, plan, _terminal!, claim), claim, terms, "");
        }

        static (CardWork?, Claim?, ProductTerms?, string) Lacks(string fault) => (null, null, null, fault);
    }

    /// <summary>A rewrite as it is done on a card with what it has by now, its keys first of all.</summary>
    private async ValueTask<(CardProduct? Product, string Fault)> RewriteAsync(
        CardProduct product, ProductRef of, RewriteOf rewrite, IssuedCard? card, CancellationToken cancellation)
    {
        if (product.Rewrite(rewrite.Name)?.Doing is not { } doing) return (null, $"product {of} has no rewrite {rewrite.Name}");
        if (card is null || !OrderImport.Begins(doing, of, card.Product))
            return (null, $"card {rewrite.Card} has product {card?.Product}: {rewrite.Name} of {of} does not begin from that");
        var keys = await CardKeys.OfAsync(card, _services.Products, cancellation).ConfigureAwait(false);
        return OrderImport.KeysFault(product, rewrite.Name, keys) is { } fault
            ? (null, $"rewrite {rewrite.Name} of {of} can't be done on card {rewrite.Card}: {fault}")
            : (product.Rewrite(rewrite.Name, keys!.Held), "");
    }

    private async ValueTask JudgeAsync(CenterEffect.Judge judge, CancellationToken cancellation)
    {
        var run = judge.Script;
        var bound = _state.Work?.Bound is not null;
        Judgement judgement;
        try
        {
            judgement = _work!.Judge(run, judge.Result, bound);
        }
        catch (KeyVaultException e)
        {
            // The center's fault, not the card's: no other card would fare better. The order is given back.
            var lack = $"{run.Kind} {run.Record}, attempt {run.Attempt}: {e.Message}";
            _log.Decided(StepOf(run.Kind), "Stopping", lack);
            Show(StepOf(run.Kind), lack);
            _followUps.Enqueue(new CenterEvent.StopOrdered());
            return;
        }
        if (judgement.Verdict is Verdict.Genuine genuine) judgement = await WelcomeAsync(genuine, judgement, cancellation).ConfigureAwait(false);
        var isSingle = run.Tail is ScriptTail.None && run.Kind is ScriptKind.Record or ScriptKind.Look or ScriptKind.Close;
        if (judgement.Verdict is Verdict.Done done && (isSingle || run.Tail is ScriptTail.Before or ScriptTail.First))
            _work!.Note(run.Record, done.Proof);
        _issue?.ScriptJudged(judgement.Verdict.GetType().Name);
        var detail = $"{run.Kind} {run.Record}, attempt {run.Attempt}: {judgement.Verdict}; {judgement.Detail}";
        _log.Decided(StepOf(run.Kind), "Judged", detail);
        Show(StepOf(run.Kind), detail);
        if (judgement.Verdict is Verdict.ModuleRefused or Verdict.Unopened(Verdict.ModuleRefused)) Fault("ModuleRefused", detail);
        _followUps.Enqueue(new CenterEvent.Judged(run.First, judgement.Verdict)
        {
            IsSpared = judgement.IsSpared || CardTry.IsSpared(run.Kind, judge.Result),
        });
    }

    /// <summary>A genuine card may still be another order's, issued, voided or barred.</summary>
    private async ValueTask<Judgement> WelcomeAsync(Verdict.Genuine genuine, Judgement judgement, CancellationToken cancellation)
    {
        CardRecord known;
        try
        {
            known = await PatientlyAsync(() => _services.Orders.CardAsync(genuine.Card, cancellation)).ConfigureAwait(false);
        }
        catch (StoreException altered) when (altered.Fault is StoreFault.Altered)
        {
            OperationLog.Altered(_logger, Name, altered.Message);
            return new Judgement(new Verdict.Rejected(CardRejection.InUse), altered.Message);
        }
        // Where the order has a card already, the machine says that it is the other one.
        if (_state.Work?.Bound is { } bound && bound != genuine.Card) return judgement;
        if (known.Barred) return new Judgement(new Verdict.Rejected(CardRejection.Barred, genuine.Card), $"{known.Tries} authentications without success");
        return (_work!.Rewrite is null ? known.IsUsableFor(_state.Work!.Claim.Order) : known.MayBeRewritten) ? judgement
            : new Judgement(new Verdict.Rejected(CardRejection.InUse), $"the card is {known.Standing}, order {known.Order}");
    }


    private static int StepOf(ScriptKind kind) => kind is ScriptKind.Open or ScriptKind.Authenticate or ScriptKind.Assign ? 260 : 290;

    private static int SaveStep(OrderChange change) => change switch
    {
        OrderChange.Authenticating or OrderChange.Numbering or OrderChange.Bound or OrderChange.Opened => 260,
        OrderChange.Leaving => 270,
        OrderChange.Confirmed or OrderChange.NotDone or OrderChange.Rewound => 290,
        OrderChange.Closing or OrderChange.Issued => 300,
        _ => 0,
    };
}
